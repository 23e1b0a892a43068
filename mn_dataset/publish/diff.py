"""Compare a publication with what a repository holds, and say what a push would change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mn_dataset.publish.publication import FOLDERS, RECORD, File, Record, measured

_SHA256 = 64  # digits; git's own hashes have fewer


@dataclass(frozen=True)
class Tree:
    """What a repository holds.

    Attributes:
        head: The commit; None where the repository or its branch is not there.
        hashes: Of every file by path: SHA-256 of large ones, git's of the others.
    """

    head: str | None
    hashes: Mapping[str, str]


@dataclass(frozen=True)
class Changes:
    """What a push would do.

    Attributes:
        head: The commit that the publication was compared with; None where there is none.
        add: Files that are new, by path.
        replace: Files whose content differs.
        delete: Files of an older publication that are no part of this one.
        same: Files that are there already.
    """

    head: str | None
    add: dict[str, File] = field(default_factory=dict)
    replace: dict[str, File] = field(default_factory=dict)
    delete: tuple[str, ...] = ()
    same: dict[str, File] = field(default_factory=dict)

    @property
    def send(self) -> dict[str, File]:
        """The files whose content goes up."""
        return self.add | self.replace

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.send and not self.delete

    def lines(self) -> list[str]:
        """Say what would be done, file by file."""
        marks = {"+": self.add, "~": self.replace, "=": self.same}
        lines = [
            f"{mark} {path} ({file.size / 1e6:.1f} MB)"
            for mark, files in marks.items()
            for path, file in sorted(files.items())
        ]
        lines += [f"- {path}" for path in self.delete]
        size = sum(file.size for file in self.send.values()) / 1e6
        counts = f"{len(self.add)} new, {len(self.replace)} changed, {len(self.delete)} removed"
        return [*lines, f"{counts}, {len(self.same)} there already: {size:.1f} MB to send"]


def compare(folder: Path, record: Record, tree: Tree) -> Changes:
    """Return what a push of a publication would change.

    Files of the repository that no publication made are left alone.

    Args:
        folder: The publication.
        record: Its record.
        tree: What the repository holds.
    """
    files = record.files | {RECORD: measured(folder / RECORD)}
    same, add, replace = {}, {}, {}
    for path, file in files.items():
        if path not in tree.hashes:
            add[path] = file
        elif _is(folder / path, file, tree.hashes[path]):
            same[path] = file
        else:
            replace[path] = file
    stale = (path for path in tree.hashes if path not in files and path.split("/")[0] in FOLDERS)
    return Changes(tree.head, add, replace, tuple(sorted(stale)), same)


def git_hash(content: bytes) -> str:
    """Return the hash under which git stores a file's content.

    >>> git_hash(b"Hello, World!")
    'b45ef6fec89518d314f546fd6c3025367b721684'
    """
    head = f"blob {len(content)}\0".encode()
    return hashlib.sha1(head + content, usedforsecurity=False).hexdigest()


def _is(path: Path, file: File, remote: str) -> bool:
    if len(remote) == _SHA256:
        return file.sha256 == remote
    return git_hash(path.read_bytes()) == remote
