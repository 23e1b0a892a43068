"""Read tar archives, packed or not, once from front to back, counting what they unpack to."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from mn_dataset.catalogue.published.archives.judge import Limits, Member, posix, refusal

_BLOCK = 1 << 20
_LONGEST_HEADER = 1 << 20
_HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)


def files(archive: Path, limits: Limits) -> Iterator[tuple[Member, Callable[[], IO[bytes]]]]:
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
