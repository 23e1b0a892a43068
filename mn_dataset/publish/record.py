"""Keep the record of a publication: what it was made of, what it holds, and every file's hash."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError, InputError

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
