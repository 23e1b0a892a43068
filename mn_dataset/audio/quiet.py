"""Keep C libraries from writing to the terminal."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_stderr(*, on: bool = True) -> Iterator[None]:
    """Send what is written to file descriptor 2 nowhere while in the block.

    libmpg123, inside libsndfile, comments on every damaged frame; its errors come as exceptions
    all the same. The descriptor is the process's: keep the block short.
    """
    if not on:
        yield
        return
    try:
        kept = os.dup(2)
    except OSError:  # a process without stderr has nothing to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
