"""Judge what an archive holds: names that leave it, sizes of a bomb, things that are no files."""

from __future__ import annotations

import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.errors import FetchError

_ESCAPES = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0")
_BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError),
    *(OSError, RuntimeError, ValueError),  # what the libraries raise for headers that make no sense
)


@dataclass(frozen=True)
class Member:
    """One file in an archive.

    Attributes:
        number: Its place among all members, for names may repeat.
        name: POSIX path inside the archive.
    """

    number: int
    name: str


@dataclass(frozen=True)
class Limits:
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

    def judge(self, archive: Path, *, unpacked: int, packed: int) -> None:
        """Refuse an archive that unpacks to too much.

        Raises:
            FetchError: naming the archive and both sizes.
        """
        far = unpacked > self.grace_bytes and unpacked > self.ratio * packed
        if far or unpacked > self.total_bytes:
            raise refusal(
                archive,
                f"{packed} bytes that unpack to {unpacked} or more",
                f"at most {self.ratio} times as many, {self.total_bytes} in all (a zip bomb?)",
            )

    def judge_member(self, archive: Path, name: str, *, number: int, size: int) -> None:
        """Refuse a member that would leave the archive, or is one too many, or too large.

        Raises:
            FetchError: naming archive and member.
        """
        if _ESCAPES.search(name):
            raise refusal(archive, f"a member named {name!r}", "names that stay inside it")
        if number >= self.members:
            raise refusal(archive, f"more than {self.members} members", "fewer")
        if size > self.member_bytes:
            found = f"{name!r} of {size} bytes or more"
            raise refusal(archive, found, f"recordings of at most {self.member_bytes}")


def posix(name: str) -> str:
    r"""Return a member's name as a POSIX path.

    >>> posix(".\\noise\\000001.wav")
    'noise/000001.wav'
    """
    return name.replace("\\", "/").removeprefix("./")


def refusal(archive: Path, found: str, expected: str) -> FetchError:
    """Return the error that refuses a whole archive."""
    return FetchError(
        f"{archive}: holds {found}; expected {expected}; nothing was taken from it: get it "
        "again, or unpack it yourself and pass the folder"
    )


@contextmanager
def told(archive: Path, name: str = "") -> Iterator[None]:
    """Turn what the standard library raises for a broken archive or member into one message.

    Raises:
        FetchError: instead.
    """
    try:
        yield
    except NotImplementedError as error:
        raise refusal(archive, f"data packed in a rare way ({error})", "a plain zip") from error
    except _BROKEN as error:
        where = f"{archive}: {name}" if name else str(archive)
        raise FetchError(
            f"{where}: cut short or damaged ({error}); expected a whole archive; get it again"
        ) from error
