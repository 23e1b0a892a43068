"""Read a built dataset folder: its mixtures, its sources, and the audio of one mixture."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.contract import Batch
from mn_dataset.audio.io import file_sha256, pcm_sha256, read_pcm, to_float
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SYNTHETIC

PROVENANCE = ("corpus", "corpus_hash", "generator_version", "dataset_version")
"""What the manifest's own metadata tells."""

_TASK = "denoise"
_ROWS = 256
_REPEATED = ("id", "task", "split", "music_category", "noise_class", "clean_id", "noise_id")


@dataclass(frozen=True, slots=True)
class Mixture:
    """One row of the manifest, as far as scoring needs it."""

    id: str
    task: str
    split: str
    seed: int
    num_samples: int
    sampling_rate: int
    targets: tuple[str, ...]
    snr_db: float
    music_category: str
    noise_class: str
    clean_id: str
    noise_id: str
    noisy: str
    clean: str
    noise: str
    noisy_sha256: str
    clean_sha256: str
    noise_sha256: str


@dataclass(frozen=True)
class Audio:
    """The layers of one mixture, float32 (channels, time)."""

    noisy: Batch
    clean: Batch
    noise: Batch


@dataclass(frozen=True)
class Dataset:
    """A built dataset folder.

    Attributes:
        root: The folder.
        mixtures: The manifest's rows, sorted by id.
        clusters: What each source belongs to: its group, or itself.
        origins: How many sources are of which origin.
        uncovered: Music categories and noise classes of which no source is a recording: they
            are absent, or synthetic.
        manifest_sha256: SHA-256 of the manifest's file.
        provenance: What the manifest's own metadata tells, ``PROVENANCE``.
    """

    root: Path
    mixtures: tuple[Mixture, ...]
    clusters: dict[str, str]
    origins: dict[str, int]
    uncovered: tuple[str, ...]
    manifest_sha256: str
    provenance: dict[str, str]


def read_dataset(root: Path) -> Dataset:
    """Read a dataset folder's tables; no audio is opened.

    Raises:
        DatasetError: if it is no built dataset of the denoise task, or an empty one.
    """
    with _file(root, "manifest.parquet") as manifest:
        metadata = manifest.schema_arrow.metadata or {}
        names = [field.name for field in fields(Mixture)]
        missing = sorted(set(names) - set(manifest.schema_arrow.names))
        if missing:
            raise DatasetError(
                f"{root / 'manifest.parquet'}: lacks the columns {', '.join(missing)}; "
                "build the dataset again with `mn build`"
            )
        batches = _read(root / "manifest.parquet", manifest, names)
        mixtures = [_mixture(row) for batch in batches for row in batch.to_pylist()]
    with _file(root, "sources.parquet") as table:
        read = _read(root / "sources.parquet", table, table.schema_arrow.names)
        sources = [row for batch in read for row in batch.to_pylist()]
    _check(root, mixtures)
    return Dataset(
        root=root,
        mixtures=tuple(sorted(mixtures, key=lambda mixture: mixture.id)),
        clusters={row["id"]: row.get("group") or row["id"] for row in sources},
        origins=dict(Counter(row.get("origin") or "unknown" for row in sources)),
        uncovered=_uncovered(sources),
        manifest_sha256=file_sha256(root / "manifest.parquet"),
        provenance={key: metadata.get(key.encode(), b"").decode() for key in PROVENANCE},
    )


def read_audio(root: Path, mixture: Mixture) -> Audio:
    """Read a mixture's three files and prove that they are what the manifest says.

    Raises:
        AudioError: naming the file that is missing, unreadable or changed.
    """
    layers: dict[str, Batch] = {}
    for name in ("noisy", "clean", "noise"):
        path = root / getattr(mixture, name)
        samples = read_pcm(path, sampling_rate=mixture.sampling_rate)
        same_length = len(samples) == mixture.num_samples > 0
        if not same_length or pcm_sha256(samples) != getattr(mixture, f"{name}_sha256"):
            raise AudioError(
                f"{path}: its samples are not those of the manifest; "
                f"run `mn verify {root}` and render the dataset again"
            )
        layers[name] = to_float(samples)
    return Audio(**layers)


def _uncovered(sources: Sequence[dict[str, str]]) -> tuple[str, ...]:
    covered = {row["category"] for row in sources if row.get("origin") != SYNTHETIC}
    return tuple(name for name in (*MUSIC_CATEGORIES, *NOISE_CLASSES) if name not in covered)


def _mixture(row: dict[str, Any]) -> Mixture:
    """Make a mixture of a row of the manifest; words that repeat, here or later, are kept once."""
    words = {name: sys.intern(row[name]) for name in _REPEATED}
    targets = tuple(sys.intern(target) for target in row["targets"])
    return Mixture(**row | words | {"targets": targets})


def _file(root: Path, name: str) -> pq.ParquetFile:
    path = root / name
    if not path.is_file():
        raise DatasetError(
            f"{root}: holds no {name}; expected a dataset folder made by `mn build` or `mn render`"
        )
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path}: not readable as Parquet ({error}); build it again") from error


def _read(path: Path, file: pq.ParquetFile, names: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Yield some rows at a time: as Python's objects they are many times as large."""
    try:
        yield from file.iter_batches(batch_size=_ROWS, columns=list(names))
    except (pa.ArrowInvalid, OSError) as error:
        raise DatasetError(f"{path}: not readable as Parquet ({error}); build it again") from error


def _check(root: Path, mixtures: list[Mixture]) -> None:
    if not mixtures:
        raise DatasetError(f"{root}: the manifest has no rows; build a dataset with mixtures")
    others = sorted({mixture.task for mixture in mixtures} - {_TASK})
    if others:
        raise DatasetError(
            f"{root}: holds mixtures of the task {', '.join(others)}; expected {_TASK!r} only"
        )
    repeated = len(mixtures) - len({mixture.id for mixture in mixtures})
    if repeated:
        raise DatasetError(f"{root}: {repeated} ids of the manifest are repeated; build it again")
