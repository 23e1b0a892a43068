"""Compare two runs: how much each denoiser's scores differ on the mixtures that both hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leaderboard.crossed import estimate
from benchmarks.leaderboard.inference import Floats, holm, two_sided
from benchmarks.leaderboard.run_folder import read_finished, read_table
from benchmarks.leaderboard.run_schema import COMPARED
from benchmarks.leaderboard.score_matrix import ALL, TARGET, Scores, read_scores
from mn_dataset.errors import DatasetError

COLUMNS = (
    *("metric", "denoiser", "revision_a", "revision_b", "n", "mean_a", "mean_b"),
    *("difference", "ci_low", "ci_high", "p_value"),
)
"""Of the rows of a comparison; with the target before "n" where a mixture may have several."""


@dataclass(frozen=True)
class Comparison:
    """Two runs, side by side.

    Attributes:
        rows: Columns ``COLUMNS``; differences are B − A, p-values Holm's over the denoisers.
        mixtures: How many mixtures both hold.
        units: Unit of each metric compared.
        higher_is_better: Direction of each metric compared.
        only_a: Denoisers of the first run alone.
        only_b: Denoisers of the second run alone.
        other_versions: Metrics that have another version in either run; not compared.
    """

    rows: pd.DataFrame
    mixtures: int
    units: dict[str, str]
    higher_is_better: dict[str, bool]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    other_versions: tuple[str, ...]


@dataclass(frozen=True)
class _Run:
    """What is compared of a run.

    Attributes:
        path: The run folder.
        description: Its run.json.
        scores: Its scores.
        mixtures: What tells that a mixture of another run is the same one, by id.
    """

    path: Path
    description: dict[str, Any]
    scores: Scores
    mixtures: pd.DataFrame

    @property
    def revisions(self) -> dict[str, str]:
        return {item["name"]: item["revision"] for item in self.description["denoisers"]}

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in self.description["metrics"]}

    def values(self, denoiser: str, metric: str, target: str, ids: pd.Index[str]) -> Floats:
        """Return a denoiser's values of a target on some mixtures; NaN where there is none."""
        scores = self.scores
        by_metric = scores.values if target == ALL else scores.by_target.get(target)
        if by_metric is None:
            return np.full(len(ids), np.nan)
        column = by_metric[metric][:, list(self.revisions).index(denoiser)]
        return np.asarray(column[pd.Index(scores.ids).get_indexer(ids)])


def compare(
    first: str | Path, second: str | Path, *, progress: Callable[[int, int], None] | None = None
) -> Comparison:
    """Compare each denoiser and metric that two runs share, paired by mixture.

    A mixture is common to both if its id, its recordings, its length and its SNR (or what else its
    task has in numbers) are.

    Args:
        first: Run A.
        second: Run B.
        progress: Called with (done, all) pairs of a denoiser and a metric.

    Example:
        >>> float(compare("run", "run").rows["difference"].abs().max())  # doctest: +SKIP
        0.0

    Raises:
        DatasetError: if a run is not finished, or they share no mixture, denoiser or metric.
    """
    one, other = _read(Path(first)), _read(Path(second))
    ids = _common(one, other)
    denoisers = [name for name in one.revisions if name in other.revisions]
    shared = [name for name in one.metrics if name in other.metrics]
    metrics = [
        name for name in shared if one.metrics[name]["version"] == other.metrics[name]["version"]
    ]
    _refuse_none("denoiser", denoisers, (one, list(one.revisions)), (other, list(other.revisions)))
    _refuse_none("metric", metrics, (one, _versions(one)), (other, _versions(other)))
    tables = []
    for number, metric in enumerate(metrics, start=1):
        for target in [ALL, *one.scores.by_target]:
            rows = [_row((one, other), name, metric, target, ids) for name in denoisers]
            table = pd.DataFrame(rows, columns=list(COLUMNS))
            table["p_value"] = holm(table["p_value"].to_numpy())
            if one.scores.by_target:
                table.insert(COLUMNS.index("n"), TARGET, target)
            tables.append(table)
        if progress:
            progress(number, len(metrics))
    return Comparison(
        rows=pd.concat(tables, ignore_index=True),
        mixtures=len(ids),
        units={name: one.metrics[name]["unit"] for name in metrics},
        higher_is_better={name: one.metrics[name]["higher_is_better"] for name in metrics},
        only_a=tuple(sorted(one.revisions.keys() - other.revisions.keys())),
        only_b=tuple(sorted(other.revisions.keys() - one.revisions.keys())),
        other_versions=tuple(name for name in shared if name not in metrics),
    )


def _read(path: Path) -> _Run:
    description = read_finished(path, shape=COMPARED)
    denoisers, metrics = (
        [item["name"] for item in description[kind]] for kind in ("denoisers", "metrics")
    )
    scores = read_scores(path, denoisers=denoisers, metrics=metrics)
    ids = [axis.column for axis in scores.task.clusters if axis.column]
    columns = ("mixture_id", *ids, "num_samples", "sampling_rate")
    table = read_table(path, "mixtures.parquet", columns=columns).to_pandas()
    numbers = pd.DataFrame({"mixture_id": scores.ids, **scores.numbers})
    mixtures = table.merge(numbers, on="mixture_id").set_index("mixture_id")
    return _Run(path, description, scores, mixtures)


def _common(one: _Run, other: _Run) -> pd.Index[str]:
    """Return the mixtures that both runs hold, sorted."""
    ids = one.mixtures.index.intersection(other.mixtures.index).sort_values()
    if one.scores.task.name == other.scores.task.name:
        same = (one.mixtures.loc[ids] == other.mixtures.loc[ids]).all(axis=1)
        if same.any():
            return ids[same.to_numpy(dtype=bool)]
    raise DatasetError(
        f"{one.path} and {other.path} have no mixture in common (of {len(one.mixtures)} and "
        f"{len(other.mixtures)}, {len(ids)} have one id, but other recordings, lengths or "
        f"{_number_words(one)}); expected two runs of `mn bench` over one dataset, or over parts "
        "of it"
    )


def _number_words(run: _Run) -> str:
    words = (facet.plural for facet in run.scores.task.facets if facet.numeric)
    return " or ".join(words) or "tasks"


def _refuse_none(kind: str, shared: list[str], *sides: tuple[_Run, list[str]]) -> None:
    if not shared:
        (one, ours), (other, theirs) = sides
        raise DatasetError(
            f"{one.path} and {other.path} have no {kind} in common: {', '.join(ours)} against "
            f"{', '.join(theirs)}; name one {kind} in both `mn bench` commands"
        )


def _versions(run: _Run) -> list[str]:
    return [f"{name}@{item['version']}" for name, item in run.metrics.items()]


def _row(
    runs: tuple[_Run, _Run], denoiser: str, metric: str, target: str, ids: pd.Index[str]
) -> tuple[object, ...]:
    """Compare one denoiser in one metric; a mixture counts where both have a value."""
    sides = [run.values(denoiser, metric, target, ids) for run in runs]
    defined = np.isfinite(sides).all(axis=0)
    revisions = [run.revisions[denoiser] for run in runs]
    if not defined.any():
        return (metric, denoiser, *revisions, 0, *[np.nan] * 6)
    ours, theirs = (side[defined] for side in sides)
    scores = runs[0].scores
    inside = pd.Index(scores.ids).isin(ids[np.flatnonzero(defined)])
    crossing = scores.crossings(inside)(np.ones(len(ours), dtype=bool))
    mean = estimate((theirs - ours)[:, np.newaxis], crossing)
    difference, half = mean.mean.item(), mean.half_width.item()
    numbers = (difference, difference - half, difference + half, two_sided(mean).item())
    return (metric, denoiser, *revisions, len(ours), ours.mean(), theirs.mean(), *numbers)
