"""Find the files of a folder that may be recordings."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mn_dataset.audio import header
from mn_dataset.files.names import printable

_SUFFIXES = frozenset(
    f".{name}"
    for names in (
        ("wav", "wave", "flac", "ogg", "oga", "opus", "mp3", "mp2", "aif", "aiff", "aifc", "au"),
        ("snd", "caf", "w64", "rf64", "m4a", "aac", "mp4", "m4v", "mkv", "mka", "mov", "webm"),
        ("avi", "wma", "wmv", "asf", "flv", "mpg", "mpeg", "ts", "3gp", "amr", "ape", "wv"),
    )
    for name in names
)
_TABLES = ("metadata.csv", "metadata.jsonl")


@dataclass(frozen=True)
class Rejection:
    """A recording, or a part of one, that is not in the corpus.

    Attributes:
        file: Path below the source, as text.
        row: Table and line that name it, or "".
        reason: Found, expected, and what to do.
        where: The part of it, in seconds; "" for all of it.
    """

    file: str
    row: str
    reason: str
    where: str = ""

    def __str__(self) -> str:
        """Write one line: what, which part of it, who names it, and why."""
        part = f" ({self.where})" if self.where else ""
        named = f"{self.row}: " if self.row else ""
        return f"rejected: {named}{self.file!r}{part}: {self.reason}"


@dataclass
class Tree:
    """What a folder holds; paths are below it, POSIX, and sorted.

    Attributes:
        recordings: Files that may be recordings, by suffix or by their first bytes.
        tables: Every `metadata.csv` and `metadata.jsonl`.
        rejected: What has a recording's name and can be none.
    """

    recordings: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)


def walk(source: Path) -> Tree:
    """Look into every folder once, following links, so that a loop of links ends.

    Hidden files and folders are passed over.
    """
    tree = Tree()
    seen: set[tuple[int, int]] = set()
    folders: list[str] = [""]
    links: list[str] = []
    while folders or links:
        below = folders.pop() if folders else links.pop()
        try:
            state = (source / below).stat()
            if (state.st_dev, state.st_ino) in seen:
                continue
            seen.add((state.st_dev, state.st_ino))
            entries = sorted(os.scandir(source / below), key=_bytes, reverse=True)
        except OSError as error:
            reason = f"cannot be looked into ({error.strerror}); change its permissions"
            tree.rejected.append(Rejection(printable(below), "", reason))
            continue
        if not entries and _has_suffix(below):
            tree.rejected.append(Rejection(printable(below), "", "a folder, not a recording"))
        for entry in entries:
            path = f"{below}/{entry.name}" if below else entry.name
            if entry.name.startswith(".") or entry.name == "__MACOSX":
                continue
            if os.path.isdir(entry.path):
                # Links wait until every real folder was seen, so that names are the real ones.
                (links if entry.is_symlink() else folders).append(path)
            elif entry.name in _TABLES:
                tree.tables.append(path)
            elif _may_be_recording(Path(entry.path)):
                tree.recordings.append(path)
    tree.recordings.sort(key=os.fsencode)
    tree.tables.sort(key=os.fsencode)
    return tree


def oddity(path: Path) -> str | None:
    """Return why there is no regular file at a path, or None."""
    try:
        if path.is_file():
            return None
        if path.is_symlink() and not path.exists():
            return "a link that leads nowhere; restore what it names"
        if path.is_dir():
            return "a folder, not a recording"
        if path.exists():
            return "neither a file nor a folder (a pipe or a device?); remove it"
    except (OSError, RuntimeError) as error:  # a name too long for the system, a loop of links
        return f"cannot be looked at ({getattr(error, 'strerror', error)}); rename it"
    return "no such file; put the recording there or remove its row"


def _bytes(entry: os.DirEntry[str]) -> bytes:
    return os.fsencode(entry.name)


def _has_suffix(path: str) -> bool:
    return PurePosixPath(path).suffix.lower() in _SUFFIXES


def _may_be_recording(path: Path) -> bool:
    if _has_suffix(path.name):
        return True
    try:
        return path.is_file() and header.is_known(header.first_bytes(path))
    except OSError:
        return False
