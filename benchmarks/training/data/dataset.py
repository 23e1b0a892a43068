"""Training data of a built dataset: its mixtures as they were rendered, in segments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.base import (
    TRAIN,
    VALIDATION,
    Example,
    SourceRow,
    example,
    log_left_out,
    refuse_leaks,
    splits_sha256,
)
from mn_dataset import seeds
from mn_dataset.audio.io import Pcm
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.parquet import read_table
from mn_dataset.mix.dataset import Dataset, MixtureRow, read_dataset, read_file
from mn_dataset.mix.manifest import CARD, MANIFEST, SOURCES
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import COLUMNS, Row
from mn_dataset.tasks.spec import TaskSpec

_LEAK = "**leak**"  # how the card of a dataset that leaks says so
_BYTES_PER_SAMPLE = 2


class DatasetTrainingData:
    """A built dataset, as training sees it.

    Args:
        root: The folder, with mixtures of the splits train and validation.
        data: Length of a segment; SNRs, levels and augmentation are the dataset's own.
        validation: How many mixtures are held out, and how long they are.
        task: What its mixtures are for.
        sampling_rate: That the model wants, in Hz.
        seed: Of every choice.

    Raises:
        DatasetError: if it is no finished dataset of the task, or every mixture is shorter than a
            segment.
        InputError: if a split is empty, or if one recording stands in both.
    """

    def __init__(
        self,
        root: Path,
        data: Data,
        validation: Validation,
        *,
        task: TaskSpec,
        sampling_rate: int = SAMPLING_RATE,
        seed: int,
    ) -> None:
        self.root, self.data, self._validation, self.seed = root, data, validation, seed
        self.task, self.sampling_rate = task, sampling_rate
        dataset = read_dataset(root)
        _check_task(dataset, task)
        _refuse_leak_on_card(root)
        self._manifest_sha256 = dataset.manifest_sha256
        mixed = _mixed(dataset)
        sources = _source_rows(dataset, mixed)
        _, unfit = refuse_leaks(sources, VALIDATION, where=str(root))
        self.sources: Sequence[SourceRow] = [one for one in sources if one.row.id not in unfit]
        held_out = [one for one in dataset.mixtures if one.split == VALIDATION]
        dropped = {one.id for one in held_out if unfit & mixed[one.id]}
        self._validation_mixtures = [one for one in held_out if one.id not in dropped]
        self._mixtures = [one for one in dataset.mixtures if one.split == TRAIN]
        for split, mixtures in (
            (TRAIN, self._mixtures),
            (VALIDATION, self._validation_mixtures),
        ):
            if not mixtures:
                raise InputError(
                    f"{root / MANIFEST}: no mixture is in the split {split!r}; training needs "
                    f"{TRAIN!r} and {VALIDATION!r}: build the dataset with both in split"
                )
        short = f"mixtures of {TRAIN} shorter than {data.segment_s:g} s (segment_s in [data])"
        left_out = {
            "mixtures of recordings whose group is learned from in another category": sorted(
                dropped
            ),
            short: self._leave_out_short(),
        }
        self.left_out = {reason: names for reason, names in left_out.items() if names}
        log_left_out(self.left_out, where=str(root))

    @property
    def identity(self) -> dict[str, str]:
        """Name, hash of the manifest, which holds those of all samples, and hash of the sources."""
        return {
            "kind": "dataset",
            "name": self.root.resolve().name,
            "manifest_sha256": self._manifest_sha256,
            "splits_sha256": splits_sha256(self.sources),
        }

    @property
    def num_items(self) -> int:
        """Mixtures of train; an epoch has a segment of each."""
        return len(self._mixtures)

    def item(self, epoch: int, index: int) -> Example:
        """Return a segment of a mixture, another one in every epoch."""
        mixture = self._mixtures[index]
        return self._cut(mixture, self.data.segment, f"{TRAIN} {epoch} {mixture.id}")

    def validation(self) -> list[Example]:
        """Return segments of the mixtures that are held out."""
        shuffled = seeds.generator(self.seed, VALIDATION).shuffled(self._validation_mixtures)
        mixtures = sorted(shuffled[: self._validation.mixtures], key=lambda mixture: mixture.id)
        length = round(self._validation.seconds * SAMPLING_RATE)
        return [
            self._cut(mixture, min(length, mixture.num_samples), f"{VALIDATION} {mixture.id}")
            for mixture in mixtures
        ]

    def __getstate__(self) -> dict[str, Any]:
        """Leave audio behind when another process is started."""
        return {name: value for name, value in vars(self).items() if name != "_read"}

    def _cut(self, mixture: MixtureRow, length: int, name: str) -> Example:
        start = seeds.generator(self.seed, "segment", name).integer(
            mixture.num_samples - length + 1
        )
        inputs, targets = (
            {name: samples[start : start + length] for name, samples in files.items()}
            for files in self._read(mixture)
        )
        return example(mixture.id, self.task, inputs, targets, sampling_rate=self.sampling_rate)

    @cached_property
    def _read(self) -> Callable[[MixtureRow], tuple[dict[str, Pcm], dict[str, Pcm]]]:
        """Return the reader of this process, with its cache."""
        frames = sum(mixture.num_samples for mixture in self._mixtures) / len(self._mixtures)
        first = self._mixtures[0]
        size = len((*first.inputs, *first.targets)) * _BYTES_PER_SAMPLE * frames
        return lru_cache(max(1, int(self.data.cache_mb * 1e6 / size)))(self._read_uncached)

    def _read_uncached(self, mixture: MixtureRow) -> tuple[dict[str, Pcm], dict[str, Pcm]]:
        """Return inputs and targets by name."""
        inputs, targets = (
            {file.name: read_file(self.root, mixture, file) for file in files}
            for files in (mixture.inputs, mixture.targets)
        )
        return inputs, targets

    def _leave_out_short(self) -> list[str]:
        """Leave out the mixtures that carry no segment, and return their ids."""
        longest = max(self._mixtures, key=lambda mixture: mixture.num_samples)
        if longest.num_samples < self.data.segment:
            raise DatasetError(
                f"{self.root / MANIFEST}: {longest.id} lasts "
                f"{longest.num_samples / SAMPLING_RATE:g} s, shorter than a segment of "
                f"{self.data.segment_s:g} s, and no other one of {TRAIN!r} is longer; lower "
                "segment_s in [data], or build longer mixtures"
            )
        mixtures, length = self._mixtures, self.data.segment
        self._mixtures = [one for one in mixtures if one.num_samples >= length]
        return [one.id for one in mixtures if one.num_samples < length]


def _check_task(dataset: Dataset, task: TaskSpec) -> None:
    """Refuse mixtures of another task, or at another rate."""
    if dataset.task.name != task.name:
        raise DatasetError(
            f"{dataset.root / MANIFEST}: its mixtures are of the task {dataset.task.name}; "
            f"expected mixtures of the task {task.name}, which is the model's"
        )
    rates = sorted({mixture.sampling_rate for mixture in dataset.mixtures})
    if rates != [SAMPLING_RATE]:
        raise DatasetError(
            f"{dataset.root / MANIFEST}: its mixtures are at {' and '.join(map(str, rates))} Hz; "
            f"expected {SAMPLING_RATE} Hz: build the dataset at that rate"
        )


def _refuse_leak_on_card(root: Path) -> None:
    """Refuse a dataset whose card says that train and validation share a take."""
    card = root / CARD
    if not card.is_file():
        return
    for line in card.read_text(encoding="utf-8", errors="replace").splitlines():
        if _LEAK in line and all(f"({split})" in line for split in (TRAIN, VALIDATION)):
            raise InputError(
                f"{card}: it was built although its splits leak: {line.partition(_LEAK)[2][2:]}; "
                "what is validated must not be learned from: correct the column 'split' of its "
                "corpus, and build it without allow_leak"
            )


def _mixed(dataset: Dataset) -> dict[str, set[str]]:
    """Return the recordings of every mixture, by its id."""
    table = read_table(dataset.root / MANIFEST, columns=["id", "layers"])
    return {row["id"]: {layer["source_id"] for layer in row["layers"]} for row in table.to_pylist()}


def _source_rows(dataset: Dataset, mixed: Mapping[str, set[str]]) -> list[SourceRow]:
    """Return the recordings that the mixtures of both splits use, once per split."""
    by_id = {row["id"]: row for row in read_table(dataset.root / SOURCES).to_pylist()}
    used = {
        (name, mixture.split)
        for mixture in dataset.mixtures
        for name in mixed[mixture.id]
        if mixture.split in (TRAIN, VALIDATION)
    }
    missing = sorted(name for name, _ in used if name not in by_id)
    if missing:
        raise DatasetError(
            f"{dataset.root / SOURCES}: lacks {missing[0]}; render the dataset again"
        )
    return [_source_row(by_id[name], split) for name, split in sorted(used)]


def _source_row(source: dict[str, Any], split: str) -> SourceRow:
    columns: dict[str, Any] = {name: source.get(name) or "" for name in COLUMNS}
    return SourceRow(Row(**columns).with_split(split), source["pcm_sha256"])
