"""Open an archive of any kind: list its files, or stream some of them into files of our naming.

No member is ever written under the name that the archive gives it, so none can escape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

from mn_dataset.errors import FetchError, OutputError
from mn_dataset.fetch.download import is_page
from mn_dataset.fetch.published.archive import formats
from mn_dataset.fetch.published.archive.limits import Limits, Member, refusal, told

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_BLOCK = 1 << 20


def members(archive: Path, *, limits: Limits | None = None) -> list[Member]:
    """List the files of an archive, having judged the whole of it.

    Raises:
        FetchError: if it is a web page, no archive, encrypted, cut short, damaged, a bomb, or
            holds a name that leaves it, a link or a device.
    """
    with told(archive):
        return [member for member, _ in _files(archive, limits or Limits())]


def take(
    archive: Path, wanted: Mapping[int, Path], *, limits: Limits | None = None
) -> Iterator[tuple[int, FetchError | None]]:
    """Stream members of an archive into files.

    Args:
        archive: One that ``members`` has listed.
        wanted: Where each member goes, by number.
        limits: What is too much.

    Yields:
        The number of each in the archive's order, with its error if it is damaged.

    Raises:
        FetchError: if the archive cannot be read further.
        OutputError: if a file cannot be written.
    """
    bounds = limits or Limits()
    with told(archive):
        for member, opened in _files(archive, bounds):
            if member.number in wanted:
                try:
                    blocks = _blocks(archive, member, opened, bounds)
                    _write(wanted[member.number], blocks)
                except FetchError as error:
                    wanted[member.number].unlink(missing_ok=True)
                    yield member.number, error
                else:
                    yield member.number, None


def _files(archive: Path, limits: Limits) -> Iterator[tuple[Member, Callable[[], IO[bytes]]]]:
    if is_page(archive):
        raise refusal(
            archive,
            "an HTML page, not an archive (a quota or login page under its name?)",
            "the archive: open its address in a browser to see what it says",
        )
    if formats.is_zip(archive):
        return formats.zip_files(archive, limits)
    return formats.tar_files(archive, limits)


def _blocks(
    archive: Path, member: Member, opened: Callable[[], IO[bytes]], limits: Limits
) -> Iterator[bytes]:
    size = 0
    with told(archive, member.name), opened() as source:
        while block := source.read(_BLOCK):
            size += len(block)
            limits.judge_member(archive, member.name, number=member.number, size=size)
            yield block


def _write(target: Path, blocks: Iterator[bytes]) -> None:
    try:
        with target.open("wb") as file:
            file.writelines(blocks)
    except OSError as error:
        raise OutputError(f"{target}: cannot be written ({error.strerror}); free space") from error
