"""Training data of a built dataset: its mixtures as they were rendered, in segments."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.base import (
    TRAIN,
    VALIDATION,
    Example,
    SourceRow,
    log_left_out,
    refuse_leaks,
    splits_sha256,
)
from mn_dataset import seeds
from mn_dataset.audio.io import Pcm, file_sha256, pcm_sha256, read_pcm, to_float
from mn_dataset.errors import AudioError, DatasetError, InputError
from mn_dataset.files.parquet import read_table
from mn_dataset.mix.manifest import CARD, MANIFEST, SOURCES, read_manifest
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import COLUMNS, Row

_TASK = "denoise"
_LEAK = "**leak**"  # how the card of a dataset that leaks says so
_LAYERS = ("noisy", "clean")


class DatasetTrainingData:
    """A built dataset, as training sees it.

    Args:
        root: The folder, with mixtures of the splits train and validation.
        data: Length of a segment; SNRs, levels and augmentation are the dataset's own.
        validation: How many mixtures are held out, and how long they are.
        seed: Of every choice.

    Raises:
        DatasetError: if it is no finished dataset of the task denoise, or every mixture is shorter
            than a segment.
        InputError: if a split is empty, or if one recording stands in both.
    """

    def __init__(self, root: Path, data: Data, validation: Validation, *, seed: int) -> None:
        self.root, self.data, self._validation, self.seed = root, data, validation, seed
        rows = read_manifest(root)
        _check_task(root, rows)
        _refuse_leak_on_card(root)
        sources = _source_rows(root, rows)
        _, unfit = refuse_leaks(sources, VALIDATION, where=str(root))
        self.sources: Sequence[SourceRow] = [one for one in sources if one.row.id not in unfit]
        held_out = _rows_of(rows, VALIDATION)
        dropped = {row["id"] for row in held_out if unfit & {row["clean_id"], row["noise_id"]}}
        self._validation_rows = [row for row in held_out if row["id"] not in dropped]
        self._train_rows = _rows_of(rows, TRAIN)
        for split, remaining in ((TRAIN, self._train_rows), (VALIDATION, self._validation_rows)):
            if not remaining:
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
        name, sha256 = self.root.resolve().name, file_sha256(self.root / MANIFEST)
        return {
            "kind": "dataset",
            "name": name,
            "manifest_sha256": sha256,
            "splits_sha256": splits_sha256(self.sources),
        }

    def item(self, epoch: int, index: int) -> Example:
        """Return a segment of a mixture, another one in every epoch."""
        row = self._train_rows[index]
        return self._cut(row, self.data.segment, f"{TRAIN} {epoch} {row['id']}")

    def validation(self) -> list[Example]:
        """Return segments of the mixtures that are held out."""
        shuffled = seeds.generator(self.seed, VALIDATION).shuffled(self._validation_rows)
        rows = sorted(shuffled[: self._validation.mixtures], key=lambda row: str(row["id"]))
        length = round(self._validation.seconds * SAMPLING_RATE)
        return [
            self._cut(row, min(length, row["num_samples"]), f"{VALIDATION} {row['id']}")
            for row in rows
        ]

    def __getstate__(self) -> dict[str, Any]:
        """Leave audio behind when another process is started."""
        return {name: value for name, value in vars(self).items() if name != "_read"}

    def _cut(self, row: dict[str, Any], length: int, name: str) -> Example:
        start = seeds.generator(self.seed, "segment", name).integer(row["num_samples"] - length + 1)
        noisy, clean = (
            to_float(self._read(row[layer], row[f"{layer}_sha256"])[start : start + length])[0]
            for layer in _LAYERS
        )
        return Example(row["id"], np.ascontiguousarray(noisy), np.ascontiguousarray(clean))

    @cached_property
    def _read(self) -> Any:
        """Return the reader of this process, with its cache."""
        mean = 2 * sum(row["num_samples"] for row in self._train_rows) / len(self._train_rows)
        return lru_cache(max(2, int(self.data.cache_mb * 1e6 / mean)))(self._read_verified)

    def _read_verified(self, file: str, sha256: str) -> Pcm:
        samples = read_pcm(self.root / file, sampling_rate=SAMPLING_RATE)
        if pcm_sha256(samples) != sha256:
            raise AudioError(
                f"{self.root / file}: its samples are not those of the manifest; run "
                f"`mn verify {self.root}` and render the dataset again"
            )
        return samples

    @property
    def num_items(self) -> int:
        """Mixtures of train; an epoch has a segment of each."""
        return len(self._train_rows)

    def _leave_out_short(self) -> list[str]:
        """Leave out the mixtures that carry no segment, and return their ids."""
        longest = max(self._train_rows, key=lambda row: int(row["num_samples"]))
        if longest["num_samples"] < self.data.segment:
            raise DatasetError(
                f"{self.root / MANIFEST}: {longest['id']} lasts "
                f"{longest['num_samples'] / SAMPLING_RATE:g} s, shorter than a segment of "
                f"{self.data.segment_s:g} s, and no other one of {TRAIN!r} is longer; lower "
                "segment_s in [data], or build longer mixtures"
            )
        rows, length = self._train_rows, self.data.segment
        self._train_rows = [row for row in rows if row["num_samples"] >= length]
        return [row["id"] for row in rows if row["num_samples"] < length]


def _rows_of(rows: Sequence[dict[str, Any]], split: str) -> list[dict[str, Any]]:
    return sorted((row for row in rows if row["split"] == split), key=lambda row: str(row["id"]))


def _check_task(root: Path, rows: Sequence[dict[str, Any]]) -> None:
    kinds = {(row["task"], row["sampling_rate"]) for row in rows}
    if kinds != {(_TASK, SAMPLING_RATE)}:
        named = ", ".join(
            f"mixtures of the task {task} at {rate} Hz" for task, rate in sorted(kinds)
        )
        raise DatasetError(
            f"{root / MANIFEST}: holds {named or 'nothing'}; expected mixtures of the task {_TASK} "
            f"at {SAMPLING_RATE} Hz, the only task that networks are trained for"
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


def _source_rows(root: Path, rows: Sequence[dict[str, Any]]) -> list[SourceRow]:
    """Return the recordings that the mixtures of both splits use, once per split."""
    by_id = {row["id"]: row for row in read_table(root / SOURCES).to_pylist()}
    used = {
        (row[key], row["split"])
        for row in rows
        for key in ("clean_id", "noise_id")
        if row["split"] in (TRAIN, VALIDATION)
    }
    missing = sorted(name for name, _ in used if name not in by_id)
    if missing:
        raise DatasetError(f"{root / SOURCES}: lacks {missing[0]}; render the dataset again")
    return [_source_row(by_id[name], split) for name, split in sorted(used)]


def _source_row(source: dict[str, Any], split: str) -> SourceRow:
    columns: dict[str, Any] = {name: source.get(name) or "" for name in COLUMNS}
    return SourceRow(Row(**columns).with_split(split), source["pcm_sha256"])
