"""Hold the scores of a run by mixture: a matrix per metric and target, and facts of mixtures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Clustering, Crossing, crossed
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.influence import Recordings
from benchmarks.leaderboard.run_folder import (
    cluster_columns,
    mixtures_schema,
    read_batches,
    read_table,
    scores_schema,
)
from benchmarks.leaderboard.run_schema import COLUMNS
from mn_dataset.errors import DatasetError
from mn_dataset.tasks import registry as tasks
from mn_dataset.tasks.spec import TaskSpec

Names = NDArray[np.str_]
Flags = NDArray[np.bool_]
Crossings = Callable[[Flags], Crossing | Clustering | None]
"""Returns which recordings met in some of a cell's mixtures."""

ALL = "all"
TARGET = "target"
"""Column of the leaderboard of a task whose estimates have an axis of targets."""

_SCORE = ("mixture_id", "denoiser", TARGET, "metric", "value")


@dataclass(frozen=True)
class Scores:
    """The scores of a run, by mixture.

    Attributes:
        task: What the mixtures are for.
        ids: The mixtures, sorted.
        values: Per metric, shape (mixtures, denoisers): the mean over the mixture's targets; NaN
            is undefined.
        by_target: The same of each target, for a task whose estimates have an axis of targets.
        labels: Of each mixture on every facet of the task, by its column.
        numbers: Of each mixture on every facet that is a number, by its column.
        clusters: Number of the cluster of each mixture's recordings, per axis of the task.
        cluster_names: What the clusters are called, per axis of the task.
        seconds: Length of each mixture.
    """

    task: TaskSpec
    ids: tuple[str, ...]
    values: Mapping[str, Floats]
    by_target: Mapping[str, Mapping[str, Floats]]
    labels: Mapping[str, Names]
    numbers: Mapping[str, Floats]
    clusters: tuple[NDArray[np.intp], NDArray[np.intp]]
    cluster_names: tuple[tuple[str, ...], tuple[str, ...]]
    seconds: Floats

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns of the leaderboard that name a cell: the facets, and the target if any."""
        return (*self.labels, *([TARGET] if self.by_target else []))

    @property
    def cluster_counts(self) -> tuple[int, int]:
        """How many recordings (or groups of them) of each kind were mixed."""
        first, second = (len(np.unique(codes)) for codes in self.clusters)
        return first, second

    def axis(self, column: str) -> list[str]:
        """Return the labels of a key in order: those of numbers by size, others by name."""
        if column == TARGET:
            return list(self.by_target)
        labels: list[str] = np.unique(self.labels[column]).tolist()
        if column not in self.numbers:
            return labels
        return next(facet for facet in self.task.facets if facet.column == column).ordered(labels)

    def cells(self) -> Iterator[tuple[tuple[str, ...], Flags]]:
        """Yield the labels and the mixtures of every cell of the facets, and of their sums."""
        for labels in product(*([ALL, *self.axis(column)] for column in self.labels)):
            inside = self.inside(labels)
            if inside.any():
                yield labels, inside

    def inside(self, labels: Sequence[str]) -> Flags:
        """Return which mixtures are of a cell, whose labels stand in the order of the facets."""
        inside = np.ones(len(self.ids), dtype=bool)
        for names, label in zip(self.labels.values(), labels, strict=True):
            if label != ALL:
                inside &= names == label
        return inside

    def sides(self) -> Iterator[tuple[tuple[str, ...], Mapping[str, Floats]]]:
        """Yield what follows a cell's labels in a table, and the values that it is about."""
        if not self.by_target:
            yield (), self.values
            return
        yield (ALL,), self.values
        for target, values in self.by_target.items():
            yield (target,), values

    def recordings(self, inside: Flags) -> list[Recordings]:
        """Return of which recordings of each kind a cell's mixtures are."""
        kinds = zip(self.task.clusters, self.clusters, self.cluster_names, strict=True)
        return [Recordings(codes[inside], names) for axis, codes, names in kinds if axis.column]

    def crossings(self, inside: Flags) -> Crossings:
        """Return what finds which recordings met in some of a cell's mixtures.

        Means differ by the first facet and by numbers because the test set was drawn so.
        """
        kinds = [kind.codes for kind in self.recordings(inside)]
        # Without a kind of recordings that mixtures could share, every mixture is for itself.
        first, second, *_ = [*(kinds or [np.flatnonzero(inside)]), None]

        numbers = [self.labels[column][inside] for column in self.numbers]
        classes = next(iter(self.labels.values()))[inside]
        cells = [_joined([classes, *numbers]), *([_joined(numbers)] if numbers else [])]

        @cache  # metrics mostly share the mixtures on which they are defined
        def of_support(support: bytes) -> Crossing | Clustering | None:
            flags = np.frombuffer(support, dtype=bool)
            return crossed(
                first[flags],
                None if second is None else second[flags],
                cells=[codes[flags] for codes in cells],
            )

        return lambda support: of_support(support.tobytes())


def read_task(run: Path) -> TaskSpec:
    """Return the task that the scores of a run are of.

    Raises:
        DatasetError: if the scores are missing or damaged, or of no task that is known here.
    """
    names = read_table(run, "scores.parquet", columns=["task"])["task"].unique().to_pylist()
    return tasks.task_of(names, where=run / "scores.parquet", error=DatasetError)


def read_scores(run: Path, *, denoisers: Sequence[str], metrics: Sequence[str]) -> Scores:
    """Read a run's scores, some rows at a time: all of them are many times what they come to.

    Args:
        run: A run folder with scores.parquet and mixtures.parquet.
        denoisers: The columns of the matrices.
        metrics: The matrices.

    Raises:
        DatasetError: if one of the files is missing or damaged, or the task is not known here.
    """
    task = read_task(run)
    needed = [*COLUMNS["mixtures.parquet"].names, *cluster_columns(task)]
    schema = pa.schema([field for field in mixtures_schema(task) if field.name in needed])
    mixtures = read_table(run, "mixtures.parquet", schema=schema).to_pandas()
    if mixtures["mixture_id"].duplicated().any():
        raise DatasetError(f"{run / 'mixtures.parquet'}: ids are repeated; make the run again")
    facets = [facet.column for facet in task.facets]
    columns = (*_SCORE, *facets)
    rows = read_batches(run, "scores.parquet", columns=columns, schema=scores_schema(task))
    parts = (part.to_pandas() for part in rows)
    scores = arrange(parts, mixtures, task=task, denoisers=denoisers, metrics=metrics)
    if not scores.ids:
        raise DatasetError(
            f"{run}: scores.parquet and mixtures.parquet have no mixture in common; make the run "
            "again"
        )
    return scores


def arrange(
    parts: Iterable[pd.DataFrame],
    mixtures: pd.DataFrame,
    *,
    task: TaskSpec,
    denoisers: Sequence[str],
    metrics: Sequence[str],
) -> Scores:
    """Turn long rows of scores into one matrix per metric and target.

    Args:
        parts: The rows of ``scores.parquet``, some at a time.
        mixtures: The rows of ``mixtures.parquet``; those without scores are left out.
        task: What the mixtures are for.
        denoisers: The columns of the matrices.
        metrics: The matrices.
    """
    ids = pd.Index(sorted(mixtures["mixture_id"]))
    matrices = _Matrices(ids, pd.Index(denoisers), metrics)
    columns = ["mixture_id", *(facet.column for facet in task.facets)]
    labelled = []
    for part in parts:
        matrices.fill(part)
        labelled.append(part.drop_duplicates("mixture_id")[columns])
    facts = mixtures.merge(
        pd.concat(labelled).drop_duplicates("mixture_id"), on="mixture_id"
    ).sort_values("mixture_id")
    scored = ids.isin(facts["mixture_id"])
    values, by_target = matrices.of(scored)
    targets = sorted(by_target, key=task.target_order)
    numbers = {
        facet.column: facts[facet.column].to_numpy(dtype=np.float64)
        for facet in task.facets
        if facet.numeric
    }
    one = np.zeros(len(facts), dtype=np.str_)  # for a kind of recordings that the task lacks
    first, second = (
        np.unique(_names(facts[name]) if name else one, return_inverse=True)
        for name in cluster_columns(task)
    )
    return Scores(
        task=task,
        ids=tuple(facts["mixture_id"]),
        values=values,
        by_target={name: by_target[name] for name in targets} if task.target_axis else {},
        labels={
            facet.column: np.array(facet.names(facts[facet.column].tolist()), dtype=np.str_)
            for facet in task.facets
        },
        numbers=numbers,
        clusters=(first[1], second[1]),
        cluster_names=(tuple(first[0].tolist()), tuple(second[0].tolist())),
        seconds=(facts["num_samples"] / facts["sampling_rate"]).to_numpy(dtype=np.float64),
    )


class _Matrices:
    """The values of every target and metric, filled part by part."""

    def __init__(
        self, ids: pd.Index[str], denoisers: pd.Index[str], metrics: Sequence[str]
    ) -> None:
        self._ids, self._denoisers, self._metrics = ids, denoisers, metrics
        self._values: dict[str, dict[str, Floats]] = {}
        self._present: dict[str, Flags] = {}

    def fill(self, part: pd.DataFrame) -> None:
        """Put rows' values where they belong; those of other denoisers are passed over."""
        rows = self._ids.get_indexer(pd.Index(part["mixture_id"]))
        columns = self._denoisers.get_indexer(pd.Index(part["denoiser"]))
        targets, names = part[TARGET].to_numpy(), part["metric"].to_numpy()
        numbers = part["value"].to_numpy(dtype=np.float64)
        for target in dict.fromkeys(targets.tolist()):
            if target not in self._values:
                shape = len(self._ids), len(self._denoisers)
                self._values[target] = {name: np.full(shape, np.nan) for name in self._metrics}
                self._present[target] = np.zeros(len(self._ids), dtype=bool)
            inside = (targets == target) & (rows >= 0) & (columns >= 0)
            self._present[target][rows[inside]] = True
            for metric, matrix in self._values[target].items():
                cells = inside & (names == metric)
                matrix[rows[cells], columns[cells]] = numbers[cells]

    def of(self, scored: Flags) -> tuple[dict[str, Floats], dict[str, dict[str, Floats]]]:
        """Return the values of some mixtures: the means over their targets, and by target."""
        by_target = {
            target: {metric: matrix[scored] for metric, matrix in matrices.items()}
            for target, matrices in self._values.items()
        }
        if len(by_target) == 1:
            return next(iter(by_target.values())), by_target
        counts = np.sum([flags[scored] for flags in self._present.values()], axis=0)
        counts = np.where(counts, counts, np.nan)  # a mixture without scores has no mean
        means = {
            metric: np.sum(
                [
                    # What a mixture lacks does not count; what is undefined makes the mean so.
                    np.where(self._present[target][scored, np.newaxis], matrices[metric], 0.0)
                    for target, matrices in by_target.items()
                ],
                axis=0,
            )
            / counts[:, np.newaxis]
            for metric in self._metrics
        }
        return means, by_target


def _joined(labels: Sequence[Names]) -> NDArray[np.intp]:
    """Number the combinations of labels that mixtures have."""
    return np.unique(np.stack(labels), axis=1, return_inverse=True)[1].ravel()


def _names(column: pd.Series[Any]) -> Names:
    return np.asarray(column.astype(str).to_numpy(dtype=object), dtype=np.str_)
