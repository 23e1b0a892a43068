"""Find where measurements are kept: beside what was measured, or in the user's cache.

What stands there is only ever made again: it may be missing, damaged or of an older version, and
a place that cannot be written costs time, not an error.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import platformdirs

from mn_dataset.errors import OutputError
from mn_dataset.files.atomic import Faults, replacement


def user_cache(*names: str) -> Path:
    """Return a folder in the user's cache; it need not exist yet.

    >>> user_cache("originals").name
    'originals'
    """
    return Path(platformdirs.user_cache_dir("mn-dataset"), *names)


def kept_beside(folder: Path, name: str) -> Path:
    """Return the path of a file of measurements; its folder need not exist yet.

    Args:
        folder: What is measured, such as a corpus; it may be read-only.
        name: The file's name in it, such as ".mn-index.parquet".
    """
    # Root may write anywhere; a folder without its owner's write bit is meant to stay as it is.
    if folder.stat().st_mode & stat.S_IWUSR and os.access(folder, os.W_OK):
        return folder / name
    path = Path(name)
    digest = hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    return user_cache(path.stem.removeprefix(".mn-")) / f"{digest}{path.suffix}"


def keep(path: Path, write: Callable[[Path], object], *, faults: Faults = ()) -> None:
    """Write a file of measurements whole, or do not: nobody is told of a fault.

    Args:
        path: The file; its folder is made if need be.
        write: Called with the temporary to write to.
        faults: What a library raises, beside OSError, when it cannot write.
    """
    with suppress(OutputError), replacement(path, durable=False, faults=faults) as temporary:
        write(temporary)
