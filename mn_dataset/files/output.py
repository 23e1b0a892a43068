"""Refuse to write a file where something stands that is not ours to replace."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from mn_dataset.errors import InputError


def check_output(path: Path, *, is_ours: Callable[[Path], bool], overwrite: bool = False) -> None:
    """Refuse a path at which a file must not be written.

    Args:
        path: Where it is to be written.
        is_ours: Tells by its own marks whether a file that stands there is one of the same kind.
        overwrite: Whether another file may go too; never a folder, a device or a link.

    Raises:
        InputError: saying what stands there.
    """
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise InputError(f"{path}: a link to {os.readlink(path)}; name the file itself as `out`")
    if stat.S_ISDIR(mode):
        raise InputError(f"{path}: a folder; name a file in it as `out`")
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: a device or a pipe; name a file as `out`")
    if not overwrite and not is_ours(path):
        raise InputError(
            f"{path}: stands there, and is none that this command writes; choose another `out`, "
            "or `overwrite` it"
        )
