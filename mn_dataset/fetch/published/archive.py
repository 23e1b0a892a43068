"""Read archives of recordings that nobody vouches for, and take single files out of them safely.

A zip or a tar, packed or not, is judged as a whole before anything is taken: names that leave it,
links, devices, passwords and the sizes of a bomb refuse it. Sizes are counted again while a file is
read, and no file is ever written under the name that the archive gives it, so none can escape.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from mn_dataset.errors import FetchError
from mn_dataset.fetch.download import is_page
from mn_dataset.files.atomic import writing
from mn_dataset.files.names import stays_inside

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")

_BLOCK = 1 << 20
_LONGEST_HEADER = 1 << 20
_TAR_HEADERS = (
    *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
    *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
)
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_PLAIN_FILE_TYPES = (0, stat.S_IFREG, stat.S_IFDIR)
_ENCRYPTED = 1
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(OSError, RuntimeError, ValueError),  # what the libraries raise for headers that make no sense
)


@dataclass(frozen=True)
class ArchiveMember:
    """One file in an archive.

    Attributes:
        number: Its position among all members, for names may repeat.
        name: POSIX path inside the archive.
    """

    number: int
    name: str


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive of recordings can reasonably hold; more is a bomb.

    Attributes:
        members: Number of members.
        member_bytes: Size of one, unpacked.
        total_bytes: Size of all, unpacked.
        ratio: Unpacked bytes per packed byte; music in PCM gives about 1.2, digital silence 1000.
        grace_bytes: Unpacked bytes up to which the ratio does not matter.
    """

    members: int = 100_000
    member_bytes: int = 1 << 28
    total_bytes: int = 1 << 37
    ratio: int = 100
    grace_bytes: int = 1 << 25

    def check(self, archive: Path, *, unpacked: int, packed: int) -> None:
        """Refuse an archive that unpacks to too much.

        Raises:
            FetchError: naming the archive and both sizes.
        """
        is_bomb = unpacked > self.grace_bytes and unpacked > self.ratio * packed
        if is_bomb or unpacked > self.total_bytes:
            raise _refusal(
                archive,
                f"{packed} bytes that unpack to {unpacked} or more",
                f"at most {self.ratio} times as many, {self.total_bytes} in all (a zip bomb?)",
            )

    def check_member(self, archive: Path, name: str, *, number: int, size: int) -> None:
        """Refuse a member that would leave the archive, or is one too many, or too large.

        Raises:
            FetchError: naming archive and member.
        """
        if not stays_inside(name):
            raise _refusal(archive, f"a member named {name!r}", "names that stay inside it")
        if number >= self.members:
            raise _refusal(archive, f"more than {self.members} members", "fewer")
        if size > self.member_bytes:
            content = f"{name!r} of {size} bytes or more"
            raise _refusal(archive, content, f"recordings of at most {self.member_bytes}")


DEFAULT_LIMITS = ArchiveLimits()

_Opener = Callable[[], IO[bytes]]


def list_members(archive: Path, *, limits: ArchiveLimits = DEFAULT_LIMITS) -> list[ArchiveMember]:
    """List the files of an archive, having judged the whole of it.

    Raises:
        FetchError: if it is a web page, no archive, encrypted, cut short, damaged, a bomb, or
            holds a name that leaves it, a link or a device.
    """
    with _readable(archive):
        return [member for member, _ in _files(archive, limits)]


def extract(
    archive: Path, targets: Mapping[int, Path], *, limits: ArchiveLimits = DEFAULT_LIMITS
) -> Iterator[tuple[int, FetchError | None]]:
    """Stream members of an archive into files.

    Args:
        archive: One that ``list_members`` has listed.
        targets: Where each member goes, by number.
        limits: What is too much.

    Yields:
        The number of each in the archive's order, with its error if it is damaged.

    Raises:
        FetchError: if the archive cannot be read further.
        OutputError: if a file cannot be written.
    """
    with _readable(archive):
        for member, open_member in _files(archive, limits):
            if member.number not in targets:
                continue
            target = targets[member.number]
            try:
                with writing(target), target.open("wb") as file:
                    file.writelines(_blocks(archive, member, open_member, limits))
            except FetchError as error:
                target.unlink(missing_ok=True)
                yield member.number, error
            else:
                yield member.number, None


def _refusal(archive: Path, content: str, expected: str) -> FetchError:
    """Return the error that refuses a whole archive."""
    return FetchError(
        f"{archive}: holds {content}; expected {expected}; nothing was taken from it: get it "
        "again, or unpack it yourself and pass the folder"
    )


@contextmanager
def _readable(archive: Path, name: str = "") -> Iterator[None]:
    """Turn what the standard library raises for a broken archive or member into one message.

    Raises:
        FetchError: instead.
    """
    try:
        yield
    except NotImplementedError as error:
        raise _refusal(archive, f"data packed in a rare way ({error})", "a plain zip") from error
    except _BROKEN as error:
        where = f"{archive}: {name}" if name else str(archive)
        raise FetchError(
            f"{where}: cut short or damaged ({error}); expected a whole archive; get it again"
        ) from error


def _files(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[ArchiveMember, _Opener]]:
    """Yield every file with a function that opens it before the next is asked for."""
    if is_page(archive):
        raise _refusal(
            archive,
            "an HTML page, not an archive (a quota or login page under its name?)",
            "the archive: open its address in a browser to see what it says",
        )
    with archive.open("rb") as file:
        is_zip = file.read(4) in _ZIP_MAGIC  # also one that is cut short
    return (_zip_files if is_zip else _tar_files)(archive, limits)


def _blocks(
    archive: Path, member: ArchiveMember, open_member: _Opener, limits: ArchiveLimits
) -> Iterator[bytes]:
    size = 0
    with _readable(archive, member.name), open_member() as source:
        while block := source.read(_BLOCK):
            size += len(block)
            limits.check_member(archive, member.name, number=member.number, size=size)
            yield block


def _zip_files(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[ArchiveMember, _Opener]]:
    """Yield the files of a zip, having judged its directory."""
    with zipfile.ZipFile(archive) as file:
        infos = file.infolist()
        for number, info in enumerate(infos):
            _check_zip_entry(archive, info, number, limits)
        packed = archive.stat().st_size
        limits.check(archive, unpacked=sum(info.file_size for info in infos), packed=packed)
        for number, info in enumerate(infos):
            if not info.is_dir():
                yield (
                    ArchiveMember(number, _posix(info.orig_filename)),
                    cast("_Opener", partial(file.open, info)),
                )


def _check_zip_entry(
    archive: Path, info: zipfile.ZipInfo, number: int, limits: ArchiveLimits
) -> None:
    name = info.orig_filename  # as it stands there; `filename` is already mended
    limits.check_member(archive, name, number=number, size=info.file_size)
    if not info.filename:  # none at all, or none before a zero byte
        raise _refusal(archive, f"a member named {name!r}", "members with names")
    if stat.S_IFMT(info.external_attr >> 16) not in _PLAIN_FILE_TYPES:
        raise _refusal(archive, f"{name!r}, a link or a device", "plain files")
    if info.flag_bits & _ENCRYPTED:
        raise _refusal(archive, f"{name!r}, which is encrypted", "an archive without password")


def _tar_files(archive: Path, limits: ArchiveLimits) -> Iterator[tuple[ArchiveMember, _Opener]]:
    """Yield the files of a tar, read once from front to back, counting what it unpacks to."""
    with archive.open("rb") as file:
        counted = _CountedStream(archive, file, limits)
        stream = cast("IO[bytes]", counted)  # all that tarfile's stream mode asks for is read
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_TarMember) as tar:
            for number, info in enumerate(tar):
                limits.check_member(archive, info.name, number=number, size=info.size)
                # Of a sparse file the stream holds less than it unpacks to: nobody counts that.
                if not (info.isreg() or info.isdir()) or info.issparse():
                    content = f"{info.name!r}, a link or a device, or sparse"
                    raise _refusal(archive, content, "plain files")
                if info.isreg():
                    # extractfile gives None only for what is no file
                    open_member = cast("_Opener", partial(tar.extractfile, info))
                    yield ArchiveMember(number, _posix(info.name)), open_member
        while counted.read(_BLOCK):  # a cut stream or a wrong checksum may show only at its end
            pass


class _TarMember(tarfile.TarInfo):
    """A member whose extended header, which tarfile reads whole, is of a header's size."""

    def _proc_member(self, archive: tarfile.TarFile) -> Any:  # where the library lets us hook in
        if self.type in _TAR_HEADERS and self.size > _LONGEST_HEADER:
            raise tarfile.ReadError(f"a header of {self.size} bytes, a zip bomb?")
        return super()._proc_member(archive)  # type: ignore[misc] # typeshed leaves it out


class _CountedStream:
    """Unpack a stream, and refuse it when it grows beyond the limits."""

    def __init__(self, archive: Path, file: BinaryIO, limits: ArchiveLimits) -> None:
        self._archive, self._file, self._limits = archive, file, limits
        self._source = _unpacked(archive, file)
        self._count = 0

    def read(self, size: int) -> bytes:
        block = self._source.read(size)
        self._count += len(block)
        self._limits.check(self._archive, unpacked=self._count, packed=self._file.tell())
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
    raise _refusal(archive, "something else", "a zip, tar, tar.gz, tar.bz2 or tar.xz")


def _posix(name: str) -> str:
    r"""Return a member's name as a POSIX path.

    >>> _posix(".\\noise\\000001.wav")
    'noise/000001.wav'
    """
    return name.replace("\\", "/").removeprefix("./")
