"""Read zip archives; their directory is judged, and sizes are counted again while reading."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

from mn_dataset.catalogue.published.archives.judge import Limits, Member, posix, refusal

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)
_ENCRYPTED = 1


def is_zip(archive: Path) -> bool:
    """Tell a zip by its first bytes, also one that is cut short."""
    with archive.open("rb") as file:
        return file.read(4) in _MAGIC


def files(archive: Path, limits: Limits) -> Iterator[tuple[Member, Callable[[], IO[bytes]]]]:
    """Yield every file of a zip with a function that opens it.

    Raises:
        FetchError: before the first, if the archive is refused.
        zipfile.BadZipFile: if it is cut short or damaged.
    """
    with zipfile.ZipFile(archive) as opened:
        infos = opened.infolist()
        for number, info in enumerate(infos):
            _judge(archive, info, number, limits)
        packed = archive.stat().st_size
        limits.judge(archive, unpacked=sum(info.file_size for info in infos), packed=packed)
        for number, info in enumerate(infos):
            if not info.is_dir():
                yield Member(number, posix(info.orig_filename)), partial(opened.open, info)


def _judge(archive: Path, info: zipfile.ZipInfo, number: int, limits: Limits) -> None:
    name = info.orig_filename  # as it stands there; `filename` is already mended
    limits.judge_member(archive, name, number=number, size=info.file_size)
    if stat.S_IFMT(info.external_attr >> 16) not in _PLAIN:
        raise refusal(archive, f"{name!r}, a link or a device", "plain files")
    if info.flag_bits & _ENCRYPTED:
        raise refusal(archive, f"{name!r}, which is encrypted", "an archive without password")
