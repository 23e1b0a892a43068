"""Training data: the items to learn from, those to validate with, and the recordings of both.

Items are mixed at the rate of the corpora and handed over at that of the model.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness.resample import resampled
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.io import Pcm, to_float
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.atomic import write_text
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row
from mn_dataset.tasks.spec import TaskSpec

logger = logging.getLogger(__name__)

TRAIN, VALIDATION, TEST = "train", "validation", "test"

SOURCES = "sources.csv"
"""The file of a run folder that lists the recordings of train and validation."""

_SOURCE_COLUMNS = (
    "id",
    "split",
    "category",
    "license",
    "attribution",
    "source",
    "url",
    "sha256",
    "start_s",
    "duration_s",
    "pcm_sha256",
)  # of a metadata table, without the path; with the hash of the 16-bit samples
_QUALITY = "HQ"  # of resampling; what is learned from has 16 bits
_MOST_NAMES = 5  # ids in a message


Samples = NDArray[np.float32]
"""Audio in [-1, 1], shape (time,), or (inputs, time) or (targets, time) where there are several."""


@dataclass(frozen=True)
class Example:
    """One item to learn or to validate from.

    Attributes:
        id: Of its recipe.
        noisy: The mixture, shape (time,), or (inputs, time).
        clean: What is to be estimated, shape (time,) or (targets, time).
        targets: The names of the targets.
    """

    id: str
    noisy: Samples
    clean: Samples
    targets: tuple[str, ...] = ("clean",)

    @property
    def inputs(self) -> dict[str, Samples]:
        """What a model is handed, each of shape (time,): "noisy", numbered if there are several."""
        if self.noisy.ndim == 1:
            return {"noisy": self.noisy}
        return {f"noisy_{number}": wave for number, wave in enumerate(self.noisy)}

    def named(self, clean: Samples) -> dict[str, Samples]:
        """Return targets, or estimates of them, by name, each of shape (time,)."""
        return dict(zip(self.targets, np.atleast_2d(clean), strict=True))


def example(
    name: str,
    task: TaskSpec,
    inputs: Mapping[str, Pcm],
    targets: Mapping[str, Pcm],
    *,
    sampling_rate: int,
) -> Example:
    """Return an item, made of 16-bit samples (time,) at the rate of corpora.

    Args:
        name: Its id.
        task: What it is for.
        inputs: By name.
        targets: By name.
        sampling_rate: That the model wants, in Hz.
    """
    waves = np.concatenate([to_float(one) for one in (*inputs.values(), *targets.values())])
    waves = resampled(waves, SAMPLING_RATE, sampling_rate, quality=_QUALITY)
    noisy, clean = (
        stack({part: wave[np.newaxis] for part, wave in zip(parts, halves, strict=True)})[..., 0, :]
        for stack, parts, halves in (
            (task.stack_inputs, inputs, waves[: len(inputs)]),
            (task.stack_targets, targets, waves[len(inputs) :]),
        )
    )
    return Example(name, np.ascontiguousarray(noisy), np.ascontiguousarray(clean), tuple(targets))


@dataclass(frozen=True)
class SourceRow:
    """A recording that is mixed: its row in the table, and the hash of its samples."""

    row: Row
    pcm_sha256: str


class TrainingData(Protocol):
    """A corpus or a built dataset, as training sees it."""

    @property
    def identity(self) -> dict[str, str]:
        """Name, and the hashes that prove it is the same, as JSON."""
        ...

    @property
    def sources(self) -> Sequence[SourceRow]:
        """The recordings of train and validation."""
        ...

    @property
    def sampling_rate(self) -> int:
        """Of the items, in Hz: the model's."""
        ...

    @property
    def left_out(self) -> Mapping[str, Sequence[str]]:
        """Ids that are neither learned from nor validated with, by the reason."""
        ...

    @property
    def num_items(self) -> int:
        """Items of one epoch."""
        ...

    def item(self, epoch: int, index: int) -> Example:
        """Return an item of the train split; the same for the same numbers, in any process."""
        ...

    def validation(self) -> list[Example]:
        """Return the fixed items of the validation split."""
        ...


def refuse_leaks(
    sources: Sequence[SourceRow], held_split: str, *, where: str, pairs: Sequence[Pair] = ()
) -> tuple[frozenset[str], frozenset[str]]:
    """Prove that no recording is learned from and held out.

    Args:
        sources: The recordings of both splits, and others that may link them.
        held_split: The split that is held out.
        where: What to name in a message.
        pairs: Near-duplicates among them, by id.

    Returns:
        Ids of train, and ids held out, that share a group across categories, such as one tune on
        two instruments. That is no leak, but what is held out is to be of groups that were not
        learned from, so one or the other is to be left out.

    Raises:
        InputError: naming the recordings that stand in both splits.
    """
    rows = [source.row for source in sources]
    repeated = [name for name, count in Counter(row.id for row in rows).items() if count > 1]
    if repeated:
        raise InputError(
            f"{where}: {repeated[0]} is mixed in {TRAIN} and in {held_split} ({len(repeated)} such "
            "recordings); build it from a corpus whose noises are split, without a preset"
        )
    between = [
        leak
        for leak in leaks(rows, {source.row.id: source.pcm_sha256 for source in sources}, pairs)
        if not leak.faint and {TRAIN, held_split} <= {row.split for row in leak.rows}
    ]
    severe = [leak for leak in between if leak.severe]
    if severe:
        raise InputError(
            f"{where}: column 'split' leaks: {severe[0]} ({len(severe)} in all); what is held out "
            "must not be learned from: correct it, or run `mn split` so that it reassigns splits "
            "in place"
        )
    in_train, in_held_split = (
        frozenset(row.id for leak in between for row in leak.rows if row.split == split)
        for split in (TRAIN, held_split)
    )
    return in_train, in_held_split


def splits_sha256(sources: Sequence[SourceRow]) -> str:
    """Return a hash of what drawing depends on: samples, split, category and group of each."""
    cells = sorted(
        (one.row.id, one.row.split, one.row.category, one.row.group, one.pcm_sha256)
        for one in sources
    )
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def log_left_out(left_out: Mapping[str, Sequence[str]], *, where: str) -> None:
    """Log how many recordings or mixtures are left out, why, and the first of them."""
    for reason, names in left_out.items():
        more = ", …" if len(names) > _MOST_NAMES else ""
        first = ", ".join(names[:_MOST_NAMES])
        logger.warning("%s: %d left out, %s: %s%s", where, len(names), reason, first, more)


def warn_of_unlicensed(sources: Sequence[SourceRow], *, where: str) -> None:
    """Log which recordings are learned from although nobody says under which licence."""
    names = [one.row.id for one in sources if one.row.split == TRAIN and not one.row.license]
    if names:
        logger.warning(
            "%s: %d recordings that are learned from have no known licence (%s%s): the card of the "
            "weights says so, and they should not be passed on; licenses in [data] leaves such "
            "recordings out",
            where,
            len(names),
            ", ".join(names[:_MOST_NAMES]),
            ", …" if len(names) > _MOST_NAMES else "",
        )


def data_facts(data: TrainingData) -> dict[str, Any]:
    """Return what a card says of the recordings: how many, groups, licences, and what is left out.

    Args:
        data: What a network learns from.
    """
    facts: dict[str, Any] = dict(data.identity)
    for split in (TRAIN, VALIDATION):
        rows = [source.row for source in data.sources if source.row.split == split]
        facts[split] = {
            "recordings": len(rows),
            "groups": len({(row.id.partition("/")[0], row.group or row.id) for row in rows}),
            "licenses": dict(sorted(Counter(row.license or "unknown" for row in rows).items())),
            "ids": sorted(row.id for row in rows),
        }
    facts["left_out"] = {reason: list(names) for reason, names in data.left_out.items()}
    return facts


def write_sources(
    folder: Path, sources: Sequence[SourceRow], former: Sequence[dict[str, str]] = ()
) -> None:
    """Write ``sources.csv`` into a run folder, sorted by split and id.

    Args:
        folder: The run's.
        sources: The recordings of train and validation.
        former: Rows of what only the weights that the run began with had learned from.

    Raises:
        OutputError: if it cannot be written.
    """
    rows = sorted([*_cells(sources), *former], key=lambda row: (row["split"], row["id"]))
    text = io.StringIO()
    table = csv.DictWriter(text, _SOURCE_COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    write_text(folder / SOURCES, text.getvalue())


def read_sources(path: Path) -> list[dict[str, str]]:
    """Read what ``write_sources`` wrote.

    Raises:
        DatasetError: naming the line of what it did not write.
    """
    cure = "bring the file back as it was, or train again"
    rows: list[dict[str, str]] = []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        try:
            lacking = [name for name in _SOURCE_COLUMNS if name not in (reader.fieldnames or ())]
            if lacking:
                raise DatasetError(f"{path}:1: lacks the columns {', '.join(lacking)}; {cure}")
            for row in reader:
                if None in row or None in row.values():
                    raise DatasetError(
                        f"{path}:{reader.line_num}: has not as many cells as the header; {cure}"
                    )
                rows.append(row)
        except csv.Error as error:
            raise DatasetError(f"{path}:{reader.line_num}: not CSV ({error}); {cure}") from error
    return rows


def attributions(rows: Iterable[dict[str, str]]) -> dict[str, dict[str, int]]:
    """Count recordings by licence, and within it by whom to name, both in order of the alphabet.

    >>> attributions([{"license": "MIT", "attribution": "A. Player"}])
    {'MIT': {'A. Player': 1}}
    """
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        inner = counts.setdefault(row["license"] or "unknown", {})
        inner[row["attribution"]] = inner.get(row["attribution"], 0) + 1
    return {name: dict(sorted(inner.items())) for name, inner in sorted(counts.items())}


def _cells(sources: Iterable[SourceRow]) -> Iterator[dict[str, str]]:
    for source in sources:
        columns = {**source.row.columns(), "pcm_sha256": source.pcm_sha256}
        yield {name: columns[name] for name in _SOURCE_COLUMNS}
