"""Keep the folder of a publication: open it, resume it, and clear what does not belong to it.

Keep the record of a publication: what it was made of, what it holds, and every file's hash.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError, InputError, OutputError
from mn_dataset.whole import whole

RECORD = "publication.json"

_SEMVER = re.compile(
    r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?"
)


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
        told = ("mixtures", "mixtures_with_audio", "withheld", "dataset_version", "pcm_sha256")
        return {name: getattr(self, name) for name in told} | {"files": len(self.files)}

    def lines(self) -> list[str]:
        """Say what is published with audio, and what is not and why."""
        told = [f"{self.mixtures_with_audio} of {self.mixtures} mixtures with their audio"]
        return told + [f"{count} as recipes: {reason}" for reason, count in self.withheld.items()]


def read_record(text: str, *, where: object) -> Record:
    """Read a record.

    Raises:
        DatasetError: if it is none.
    """
    try:
        found: dict[str, Any] = json.loads(text)
        files = {path: File(**one) for path, one in found.pop("files").items()}
        return Record(**found, files=files)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
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
            "with --dataset-version"
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
                f"{ours[:12]}; other data need another version: build with --dataset-version"
            )


JOURNAL = ".publishing.jsonl"
PLACES = ("assets", "data", "recipes")
"""Folders that are a publication's own: what is in them and not in its record is removed."""


def open_folder(out: Path, record: Record) -> dict[str, File]:
    """Make a folder, or take over one that holds a publication.

    Args:
        out: The folder.
        record: What is going to be in it.

    Returns:
        Files that an earlier run made of the very same, by path.

    Raises:
        InputError: if it holds other data under the same version.
        DatasetError: if it holds something else.
        OutputError: if it cannot be made.
    """
    old = stored(out)
    if old:
        refuse_same_version(record, old, where=out)
    known, begun = _journal(out / JOURNAL, record)
    if old and old.made_of == record.made_of and old.layout == record.layout:
        known = old.files | known
    if not old and not begun and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out}: exists and is not a publication; choose another place")
    try:
        out.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(_made_of(record)), json.dumps(_plain(known))]
        (out / JOURNAL).write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{out}: cannot be made ({error.strerror})") from error
    return known


def stored(out: Path) -> Record | None:
    """Return the record of the publication in a folder, if it holds a whole one."""
    path = out / RECORD
    return read_record(path.read_text(encoding="utf-8"), where=path) if path.is_file() else None


def finished(out: Path, shard: str, known: Mapping[str, File]) -> dict[str, File]:
    """Return the files of a shard that are known and still what they were; none if any is not."""
    own = {
        path: file for path, file in known.items() if path == shard or path.startswith(f"{shard}/")
    }
    return own if own and all(_is(out / path, file) for path, file in own.items()) else {}


def note(out: Path, files: Mapping[str, File]) -> None:
    """Remember the files of a finished shard.

    Raises:
        OutputError: if they cannot be noted.
    """
    try:
        with (out / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(_plain(files)) + "\n")
    except OSError as error:
        raise OutputError(f"{out / JOURNAL}: cannot be written ({error.strerror})") from error


def close_folder(out: Path, record: Record) -> None:
    """Write the record, and remove what is left of other publications.

    Raises:
        OutputError: if it cannot be written.
    """
    try:
        for place in PLACES:
            for path in sorted((out / place).rglob("*"), reverse=True):
                if path.is_dir():
                    if not any(path.iterdir()):
                        path.rmdir()
                elif path.relative_to(out).as_posix() not in record.files:
                    path.unlink()
            if (out / place).is_dir() and not any((out / place).iterdir()):
                (out / place).rmdir()
        with whole(out / RECORD) as temporary:
            temporary.write_text(record.text, encoding="utf-8", newline="")
        (out / JOURNAL).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written ({error.strerror})") from error


def _journal(path: Path, record: Record) -> tuple[dict[str, File], bool]:
    """Return the files that an unfinished run noted, and whether there was one."""
    if not path.is_file():
        return {}, False
    known: dict[str, File] = {}
    made_of = None
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found = json.loads(line)
        except json.JSONDecodeError:  # torn by a kill
            break
        if made_of is None:
            made_of = found
        else:
            known |= {name: File(**file) for name, file in found.items()}
    return (known if made_of == _made_of(record) else {}), True


def _made_of(record: Record) -> dict[str, str]:
    return record.made_of | {"layout": record.layout, "audio_format": record.audio_format}


def _plain(files: Mapping[str, File]) -> dict[str, dict[str, object]]:
    return {path: {"size": file.size, "sha256": file.sha256} for path, file in files.items()}


def _is(path: Path, file: File) -> bool:
    try:
        return path.stat().st_size == file.size and file_sha256(path) == file.sha256
    except OSError:
        return False
