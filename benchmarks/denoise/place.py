"""Write files beside the places they are meant for, so that a place never holds half a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from mn_dataset.errors import OutputError


def sweep(folders: Iterable[Path]) -> None:
    """Remove what killed runs left half-written; there must be no living one."""
    for folder in folders:
        for stale in folder.glob(_temporary("*")):
            with written(stale):
                stale.unlink(missing_ok=True)


@contextmanager
def temporaries(out: Path, names: Sequence[PurePosixPath]) -> Iterator[dict[PurePosixPath, Path]]:
    """Yield a place beside each output, and leave none behind.

    Raises:
        OutputError: if a folder cannot be made.
    """
    places = {}
    for name in names:
        digest = hashlib.sha256(os.fsencode(str(name))).hexdigest()[:16]
        places[name] = (out / name).with_name(_temporary(digest))
        with written(out / name):
            places[name].parent.mkdir(parents=True, exist_ok=True)
    try:
        yield places
    finally:
        for place in places.values():
            place.unlink(missing_ok=True)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Turn what the system says about a file into an error that tells what to do.

    Raises:
        OutputError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free or choose another place"
        ) from error


def _temporary(what: str) -> str:
    return f".mn-denoise-{what}.tmp"
