"""Keep two commands from writing into one folder at a time."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import IO

from mn_dataset.errors import InputError


def lock(handle: int | IO[bytes], out: Path, *, command: str) -> None:
    """Keep other processes out until the handle is closed, however this one ends.

    Where the platform or the file system knows no locks, nothing is kept out.

    Args:
        handle: An open file of the folder, or the folder itself.
        out: What a person knows the folder as.
        command: What writes there.

    Raises:
        InputError: if another process holds it.
    """
    if sys.platform == "win32":
        return
    import fcntl  # noqa: PLC0415 - is not on every platform

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise InputError(
            f"{out}: another `{command}` writes there now; wait for it, or choose another --out"
        ) from error
    except OSError:  # a file system without locks
        return
