"""Keep a publication's record and folder, and compare it with what a repository holds.

The record, `publication.json`, tells what it was made of, and every file with its hash. It is
written last. Until then a journal holds the files that are finished, so that a run that was stopped
is resumed; and what an older publication left in the folder is removed.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.atomic import remove_file, sweep, write_text
from mn_dataset.files.journal import Journal
from mn_dataset.files.json_text import misfit, parse
from mn_dataset.files.lock import contents

_SHA256 = 64  # digits; git's own hashes have fewer

RECORD = "publication.json"
JOURNAL = ".publishing.jsonl"
FOLDERS = ("assets", "data", "recipes")
"""Folders that are a publication's own: what is in them and not in its record is removed."""

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
)

_RECORD = {
    "mixtures": int,
    "mixtures_with_audio": int,
    "withheld": {"*": int},
    "made_of": {"*": str},
    "files": {"*": {"size": int, "sha256": str}},
    "*": Any,
}


@dataclass(frozen=True)
class File:
    """A file of a publication.

    Attributes:
        size: In bytes.
        sha256: Of its bytes.
    """

    size: int
    sha256: str


@dataclass(frozen=True)
class Record:
    """What a publication is.

    Attributes:
        dataset_version: SemVer of the data, apart from the code's.
        corpus: What the data were mixed of.
        corpus_hash: Over the ids and samples of the corpus.
        generator_version: Of the code that drew and rendered.
        pcm_sha256: Of all audio of the dataset, whether it is published or not.
        published_pcm_sha256: Of the audio that is published.
        mixtures: Rows in all.
        mixtures_with_audio: Those with their audio.
        withheld: How many rows are recipes only, by reason.
        layout: "parquet", "audiofolder" or "webdataset".
        audio_format: "flac" or "wav".
        made_of: Hashes and versions that the files' bytes depend on.
        files: By path relative to the publication; this record is not among them.
    """

    dataset_version: str
    corpus: str
    corpus_hash: str
    generator_version: str
    pcm_sha256: str
    published_pcm_sha256: str
    mixtures: int
    mixtures_with_audio: int
    withheld: dict[str, int]
    layout: str
    audio_format: str
    made_of: dict[str, str]
    files: dict[str, File] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The record as it is written."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    def summary(self) -> dict[str, Any]:
        """What a program wants to know: counts and hashes, no list of files."""
        names = ("mixtures", "mixtures_with_audio", "withheld", "dataset_version", "pcm_sha256")
        return {name: getattr(self, name) for name in names} | {"files": len(self.files)}

    def lines(self) -> list[str]:
        """Say what is published with audio, and what is not and why."""
        lines = [f"{self.mixtures_with_audio} of {self.mixtures} mixtures with their audio"]
        return lines + [f"{count} as recipes: {reason}" for reason, count in self.withheld.items()]


def read_record(text: str, *, where: object) -> Record:
    """Read a record.

    Raises:
        DatasetError: if it is none.
    """
    try:
        fields: dict[str, Any] = parse(text)
        if fault := misfit(fields, _RECORD):
            raise ValueError(fault)
        return Record(**fields | {"files": _files(fields["files"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f"{where}: not the record of a publication ({error}); choose another place"
        ) from error


def measured(path: Path) -> File:
    """Return the size and hash of a file."""
    return File(path.stat().st_size, file_sha256(path))


def refuse_version(dataset_version: str) -> None:
    """Refuse what is no semantic version.

    Raises:
        InputError: if it is none.
    """
    if not _SEMVER.fullmatch(dataset_version):
        raise InputError(
            f"the data's version is {dataset_version!r}; expected SemVer such as 1.0.0: build "
            "the dataset again with such a dataset_version"
        )


def refuse_same_version(new: Record, old: Record, *, where: object) -> None:
    """Refuse other data under a version that is published already.

    Raises:
        InputError: if the version is the same and the corpus or any sample is not.
    """
    if new.dataset_version != old.dataset_version:
        return
    for name in ("corpus_hash", "pcm_sha256"):
        ours, theirs = getattr(new, name), getattr(old, name)
        if ours != theirs:
            raise InputError(
                f"{where}: holds version {old.dataset_version} with {name} {theirs[:12]}, found "
                f"{ours[:12]}; other data need another version: build them with another "
                "dataset_version"
            )


def open_folder(out: Path, record: Record) -> tuple[Journal[dict[str, File]], dict[str, File]]:
    """Make a folder, or take over one that holds a publication; the caller holds its lock.

    Args:
        out: The folder.
        record: What is going to be in it.

    Returns:
        The journal to add the files of each shard to; and the files by path that an earlier run
        made of the very same.

    Raises:
        InputError: if it holds other data under the same version.
        DatasetError: if it holds something else.
        OutputError: if it cannot be written.
    """
    old = stored(out)
    if old:
        refuse_same_version(record, old, where=out)
    journal = Journal(out / JOURNAL, _files, _plain, header=_made_of(record))
    if not old and not journal.path.is_file() and contents(out):
        raise DatasetError(f"{out}: exists and is not a publication; choose another place")
    sweep(out)
    files: dict[str, File] = {}
    if old and _made_of(old) == _made_of(record):
        files |= old.files
    for entry in journal.entries():
        files |= entry
    journal.rewrite([files])
    return journal, files


def stored(out: Path) -> Record | None:
    """Return the record of the publication in a folder, if it holds a whole one."""
    path = out / RECORD
    return read_record(path.read_text("utf-8", "replace"), where=path) if path.is_file() else None


def are_whole(out: Path, files: Mapping[str, File]) -> bool:
    """Tell whether files of a publication are what they were when they were measured."""
    return all(_is(out / path, file) for path, file in files.items())


def close_folder(out: Path, record: Record, journal: Journal[dict[str, File]]) -> None:
    """Write the record, and remove what is left of other publications.

    Raises:
        OutputError: if it cannot be written.
    """
    for folder in FOLDERS:
        for path in sorted((out / folder).rglob("*")):
            if not path.is_dir() and path.relative_to(out).as_posix() not in record.files:
                remove_file(path, within=out)
    write_text(out / RECORD, record.text)
    journal.remove()


def _made_of(record: Record) -> dict[str, str]:
    return record.made_of | {"layout": record.layout, "audio_format": record.audio_format}


def _files(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, File]:
    return {path: File(**one) for path, one in fields.items()}


def _plain(files: Mapping[str, File]) -> dict[str, dict[str, object]]:
    return {path: asdict(file) for path, file in files.items()}


def _is(path: Path, file: File) -> bool:
    try:
        return path.stat().st_size == file.size and file_sha256(path) == file.sha256
    except OSError:
        return False


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
        elif _equals_remote(folder / path, file, tree.hashes[path]):
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


def _equals_remote(path: Path, file: File, remote: str) -> bool:
    if len(remote) == _SHA256:
        return file.sha256 == remote
    return git_hash(path.read_bytes()) == remote
