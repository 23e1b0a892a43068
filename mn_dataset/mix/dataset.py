"""Read a built dataset folder: its mixtures, its sources, and the audio of one mixture."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from mn_dataset.audio.io import Pcm, file_sha256, pcm_sha256, read_pcm, to_float
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.files.cells import refuse_misfit
from mn_dataset.files.names import inside
from mn_dataset.files.parquet import facts, opened, read_batches
from mn_dataset.mix.limits import MANIFEST as LIMITS
from mn_dataset.mix.manifest import (
    MANIFEST,
    SOURCES,
    FileGroup,
    file_groups,
    manifest_fields,
    read_sources,
)
from mn_dataset.records import SYNTHETIC, Label
from mn_dataset.tasks import registry
from mn_dataset.tasks.spec import Audio, TaskSpec

PROVENANCE = ("corpus", "corpus_hash", "generator_version", "dataset_version")
"""What the manifest's own metadata tells."""

_TASK = pa.field("task", pa.string())
_ROWS = 256  # at a time: as objects of Python they are many times as large
_CURE = "build the dataset again with `mn build`"


class File(NamedTuple):
    """One audio file of a mixture.

    Attributes:
        name: Of the input or target, or of what else is kept.
        path: Relative to the dataset.
        sha256: Of its samples.
    """

    name: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class MixtureRow:
    """One row of the manifest, as far as scoring and training need it.

    Attributes:
        id: Of the recipe.
        task: Name of the task.
        split: One of train, validation and test.
        seed: Of every choice.
        num_samples: Length.
        sampling_rate: In Hz.
        inputs: What is handed to a denoiser.
        targets: What it is to return, in the order of an estimate.
        kept: Further sums that were written.
        labels: The mixture's place on every facet of the task, in their order.
        cluster_ids: The recordings whose sharing clusters the statistics, in the order of the
            task's axes; "" on an axis that the task does not have.
    """

    id: str
    task: str
    split: str
    seed: int
    num_samples: int
    sampling_rate: int
    inputs: tuple[File, ...]
    targets: tuple[File, ...]
    kept: tuple[File, ...]
    labels: tuple[Label, ...]
    cluster_ids: tuple[str, str]

    @property
    def files(self) -> tuple[File, ...]:
        """All of its files."""
        return (*self.inputs, *self.targets, *self.kept)


@dataclass(frozen=True)
class Dataset:
    """A built dataset folder.

    Attributes:
        root: The folder.
        task: What its mixtures are for.
        mixtures: The manifest's rows, sorted by id.
        clusters: What each source belongs to: its group, its song, or itself.
        origins: How many sources are of which origin.
        uncovered: Categories that the task covers and of which no source is a recording: they are
            absent, or synthetic.
        manifest_sha256: SHA-256 of the manifest's file.
        provenance: What the manifest's own metadata tells, ``PROVENANCE``.
    """

    root: Path
    task: TaskSpec
    mixtures: tuple[MixtureRow, ...]
    clusters: dict[str, str]
    origins: dict[str, int]
    uncovered: tuple[str, ...]
    manifest_sha256: str
    provenance: dict[str, str]

    def clusters_of(self, mixture: MixtureRow) -> tuple[str, str]:
        """Return what a mixture shares with others on each of the task's axes."""
        first, second = (self.clusters.get(name, name) for name in mixture.cluster_ids)
        return first, second


def read_dataset(root: Path) -> Dataset:
    """Read a dataset folder's tables; no audio is opened.

    Raises:
        DatasetError: if it is no built dataset of one task that is known, or an empty one.
    """
    manifest = _schema(root, MANIFEST)
    _refuse_lacking(root, manifest, ["task"])
    names = (row["task"] for row in _rows(root / MANIFEST, [_TASK]))
    task = registry.task_of(names, where=root / MANIFEST, error=DatasetError)
    _refuse_lacking(root, manifest, _columns(task))
    described = {field.name: field for field in manifest_fields(task)}
    fields = [described[name] for name in _columns(task)]
    mixtures = [_mixture(task, row) for row in _rows(root / MANIFEST, fields)]
    _schema(root, SOURCES)
    sources = read_sources(root / SOURCES)
    repeated = len(mixtures) - len({mixture.id for mixture in mixtures})
    if repeated:
        raise DatasetError(f"{root}: {repeated} ids of the manifest are repeated; build it again")
    covered = {row.get("category") for row in sources if row.get("origin") != SYNTHETIC}
    return Dataset(
        root=root,
        task=task,
        mixtures=tuple(sorted(mixtures, key=lambda mixture: mixture.id)),
        clusters={row["id"]: row.get("group") or row.get("song") or row["id"] for row in sources},
        origins=dict(Counter(row.get("origin") or "unknown" for row in sources)),
        uncovered=tuple(name for name in task.categories if name not in covered),
        manifest_sha256=file_sha256(root / MANIFEST),
        provenance={key: facts(manifest).get(key, "") for key in PROVENANCE},
    )


def read_audio(root: Path, mixture: MixtureRow) -> Audio:
    """Read a mixture's files and prove that they are what the manifest says.

    Raises:
        AudioError: naming the file that is missing, unreadable or changed.
    """
    groups = (mixture.inputs, mixture.targets, mixture.kept)
    inputs, targets, kept = (
        {file.name: to_float(read_file(root, mixture, file)) for file in files} for files in groups
    )
    return Audio(inputs, targets, kept)


def read_file(root: Path, mixture: MixtureRow, file: File) -> Pcm:
    """Read one file of a mixture and prove that it is what the manifest says.

    Raises:
        AudioError: if it is missing, unreadable or changed.
        DatasetError: if it is not below the folder.
    """
    path = inside(root, file.path)
    samples = read_pcm(path, sampling_rate=mixture.sampling_rate)
    same_length = len(samples) == mixture.num_samples > 0
    if not same_length or pcm_sha256(samples) != file.sha256:
        raise AudioError(
            f"{path}: its samples are not those of the manifest; "
            f"run `mn verify {root}` and render the dataset again"
        )
    return samples


def _columns(task: TaskSpec) -> list[str]:
    """Return the columns of the manifest that a row is made of."""
    common = ["id", "task", "split", "seed", "num_samples", "sampling_rate"]
    labels = [facet.column for facet in task.facets]
    clusters = [axis.column for axis in task.clusters if axis.column]
    files = chain.from_iterable(group.columns for group in file_groups(task))
    return list(dict.fromkeys([*common, *labels, *clusters, *files]))


def _mixture(task: TaskSpec, row: Mapping[str, Any]) -> MixtureRow:
    """Make a mixture of a row of the manifest; words that repeat, here or later, are kept once."""
    first, second = (_word(row.get(axis.column, "")) for axis in task.clusters)
    inputs, targets, kept = (_files(group, row) for group in file_groups(task))
    return MixtureRow(
        id=_word(row["id"]),
        task=_word(row["task"]),
        split=_word(row["split"]),
        seed=row["seed"],
        num_samples=row["num_samples"],
        sampling_rate=row["sampling_rate"],
        inputs=inputs,
        targets=targets,
        kept=kept,
        labels=tuple(_word(row[facet.column]) for facet in task.facets),
        cluster_ids=(first, second),
    )


def _files(group: FileGroup, row: Mapping[str, Any]) -> tuple[File, ...]:
    return tuple(File(_word(name), path, sha256) for name, path, sha256 in group.files(row))


def _word(label: Any) -> Any:
    return sys.intern(label) if isinstance(label, str) else label


def _schema(root: Path, name: str) -> pa.Schema:
    if not (root / name).is_file():
        raise DatasetError(
            f"{root}: holds no {name}; expected a dataset folder made by `mn build` or `mn render`"
        )
    with opened(root / name, cure=_CURE, error=DatasetError) as file:
        return file.schema_arrow


def _rows(path: Path, fields: Sequence[pa.Field]) -> Iterator[dict[str, Any]]:
    first, names = 1, [field.name for field in fields]
    for batch in read_batches(path, names, rows=_ROWS, cure=_CURE, error=DatasetError):
        refuse_misfit(
            batch, fields, LIMITS, where=path, cure=_CURE, error=DatasetError, first=first
        )
        first += len(batch)
        yield from batch.to_pylist()


def _refuse_lacking(root: Path, manifest: pa.Schema, names: Sequence[str]) -> None:
    lacking = sorted(set(names) - set(manifest.names))
    if lacking:
        raise DatasetError(f"{root / MANIFEST}: lacks the columns {', '.join(lacking)}; {_CURE}")
