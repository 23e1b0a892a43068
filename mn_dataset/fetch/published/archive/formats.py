"""Read tar archives, packed or not, once from front to back, counting what they unpack to.

Read zip archives; their directory is judged, and sizes are counted again while reading.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from mn_dataset.fetch.published.archive.limits import Limits, Member, posix, refusal

_BLOCK = 1 << 20
_LONGEST_HEADER = 1 << 20
_HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


def tar_files(archive: Path, limits: Limits) -> Iterator[tuple[Member, Callable[[], IO[bytes]]]]:
    """Yield every file of a tar with a function that opens it before the next is asked for.

    Raises:
        FetchError: where the archive is refused.
        tarfile.TarError: where it is cut short or damaged, and what its packing raises.
    """
    with archive.open("rb") as file:
        counted = _Counted(archive, file, limits)
        stream = cast("IO[bytes]", counted)  # all that tarfile's stream mode asks for is read
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Member) as opened:
            for number, info in enumerate(opened):
                limits.judge_member(archive, info.name, number=number, size=info.size)
                # Of a sparse file the stream holds less than it unpacks to: nobody counts that.
                if not (info.isreg() or info.isdir()) or info.issparse():
                    found = f"{info.name!r}, a link or a device, or sparse"
                    raise refusal(archive, found, "plain files")
                if info.isreg():
                    yield Member(number, posix(info.name)), partial(_opened, opened, info)
        while counted.read(_BLOCK):  # a cut stream or a wrong checksum may show only at its end
            pass


class _Member(tarfile.TarInfo):
    """A member whose extended header, which tarfile reads whole, is of a header's size."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:  # the library's place to hook in
        if self.type in _HEADERS and self.size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes, a zip bomb?")
        return super()._proc_member(archive)  # type: ignore[misc] # typeshed leaves it out


class _Counted:
    """Unpack a stream, and refuse it when it grows beyond the limits."""

    def __init__(self, archive: Path, file: BinaryIO, limits: Limits) -> None:
        self._archive, self._file, self._limits = archive, file, limits
        self._source = _unpacked(archive, file)
        self._count = 0

    def read(self, size: int) -> bytes:
        block = self._source.read(size)
        self._count += len(block)
        self._limits.judge(self._archive, unpacked=self._count, packed=self._file.tell())
        return block


def _unpacked(archive: Path, file: BinaryIO) -> IO[bytes]:
    head = file.read(tarfile.BLOCKSIZE)
    file.seek(0)
    if head.startswith(b"\x1f\x8b"):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    if head.startswith(b"BZh"):
        return bz2.BZ2File(file)
    if head.startswith(b"\xfd7zXZ\x00"):
        return lzma.LZMAFile(file)
    if head[257:262] == b"ustar":
        return file
    raise refusal(archive, "something else", "a zip, tar, tar.gz, tar.bz2 or tar.xz")


def _opened(archive: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    return cast("IO[bytes]", archive.extractfile(info))  # None only for what is no file


_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_PLAIN = (0, stat.S_IFREG, stat.S_IFDIR)
_ENCRYPTED = 1


def is_zip(archive: Path) -> bool:
    """Tell a zip by its first bytes, also one that is cut short."""
    with archive.open("rb") as file:
        return file.read(4) in _MAGIC


def zip_files(archive: Path, limits: Limits) -> Iterator[tuple[Member, Callable[[], IO[bytes]]]]:
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
