"""Aggregate scores into the leaderboard: one row per cell, metric and denoiser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Crossing, crossed
from benchmarks.leaderboard.estimate import Floats
from benchmarks.leaderboard.stats import Cell, Contest, Crossings, Duels, Standing, compare

Names = NDArray[np.str_]

ALL = "all"
BASELINE = "noisy"
PLACE = ("noise_class", "music_category", "snr_db")
COLUMNS = ("denoiser", *PLACE, "metric", *(field.name for field in fields(Standing)))
"""Of leaderboard.csv."""

DUELS = (
    *("metric", "noise_class", "better", "worse", "n"),
    *("difference", "ci_low", "ci_high", "p_value", "detectable"),
)
"""Of the pairwise tests, over all mixtures and by noise class."""

_MOST_SNRS = 12  # more distinct SNRs were drawn from a range; they are told in steps
_STEP_DB = 5.0


@dataclass(frozen=True)
class Scores:
    """The scores of a run, by mixture.

    Attributes:
        values: Per metric, shape (mixtures, denoisers); NaN is undefined.
        noise_class: Of each mixture.
        music_category: Of each mixture.
        snr: Label of each mixture's SNR.
        clean: Number of the cluster of each mixture's clean recording.
        noise: Number of the cluster of each mixture's noise recording.
        seconds: Length of each mixture.
    """

    values: Mapping[str, Floats]
    noise_class: Names
    music_category: Names
    snr: Names
    clean: NDArray[np.intp]
    noise: NDArray[np.intp]
    seconds: Floats

    def cells(self) -> Iterator[tuple[str, str, str, NDArray[np.bool_]]]:
        """Yield (noise class, music category, SNR, the cell's mixtures): the cube and its sums."""
        snrs = sorted(set(self.snr.tolist()), key=lambda label: float(label.partition("..")[0]))
        sides = [
            (names, [ALL, *order])
            for names, order in (
                (self.noise_class, np.unique(self.noise_class).tolist()),
                (self.music_category, np.unique(self.music_category).tolist()),
                (self.snr, snrs),
            )
        ]
        for noise_class, category, snr in product(*(order for _, order in sides)):
            inside = np.ones(len(self.snr), dtype=bool)
            for (names, _), label in zip(sides, (noise_class, category, snr), strict=True):
                if label != ALL:
                    inside &= names == label
            if inside.any():
                yield noise_class, category, snr, inside

    def crossings(self, inside: NDArray[np.bool_]) -> Crossings:
        """Return what finds which recordings met in some of a cell's mixtures."""
        clean, noise = self.clean[inside], self.noise[inside]

        @cache  # metrics mostly share the mixtures on which they are defined
        def found(support: bytes) -> Crossing | None:
            chosen = np.frombuffer(support, dtype=bool)
            return crossed(clean[chosen], noise[chosen])

        return lambda support: found(support.tobytes())


@dataclass(frozen=True)
class Leaderboard:
    """The aggregated scores.

    Attributes:
        rows: Columns ``COLUMNS``; ranks are empty for rows that are not ranked.
        duels: Columns ``DUELS``, over all mixtures and by noise class: who beats whom.
    """

    rows: pd.DataFrame
    duels: pd.DataFrame


def leaderboard(
    scores: pd.DataFrame, mixtures: pd.DataFrame, run: Mapping[str, Any]
) -> Leaderboard:
    """Aggregate a run's scores over every cell.

    Args:
        scores: The rows of ``scores.parquet``.
        mixtures: The rows of ``mixtures.parquet``.
        run: ``run.json``: its denoisers with rank groups, its metrics with directions.
    """
    names = [denoiser["name"] for denoiser in run["denoisers"]]
    groups = tuple(denoiser["rank_group"] for denoiser in run["denoisers"])
    baseline = names.index(BASELINE) if BASELINE in names else None
    contests = {
        metric["name"]: Contest(groups, baseline, metric["higher_is_better"])
        for metric in run["metrics"]
    }
    table = arrange(scores, mixtures, denoisers=names, metrics=list(contests))
    rows: list[tuple[object, ...]] = []
    tests: list[pd.DataFrame] = []
    for noise_class, category, snr, inside in table.cells():
        crossings = table.crossings(inside)
        for metric, contest in contests.items():
            cell = Cell(table.values[metric][inside], table.seconds[inside], crossings)
            standings, duels = compare(cell, contest)
            for name, row in zip(names, standings, strict=True):
                rows.append((name, noise_class, category, snr, metric, *vars(row).values()))
            if category == snr == ALL:
                tests.append(_tests(duels, names).assign(metric=metric, noise_class=noise_class))
    ranks = dict.fromkeys(("rank", "rank_high"), "Int64")
    return Leaderboard(
        rows=pd.DataFrame(rows, columns=list(COLUMNS)).astype(ranks),
        duels=pd.concat(tests)[list(DUELS)].reset_index(drop=True),
    )


def _tests(duels: Duels, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "better": [names[place] for place in duels.better],
            "worse": [names[place] for place in duels.worse],
            "n": duels.n,
            "difference": duels.difference,
            "ci_low": duels.difference - duels.half_width,
            "ci_high": duels.difference + duels.half_width,
            "p_value": duels.p_value,
            "detectable": duels.detectable,
        }
    )


def arrange(
    scores: pd.DataFrame,
    mixtures: pd.DataFrame,
    *,
    denoisers: Sequence[str],
    metrics: Sequence[str],
) -> Scores:
    """Turn long rows of scores into one matrix per metric."""
    facts = mixtures.merge(
        scores.drop_duplicates("mixture_id")[
            ["mixture_id", "music_category", "noise_class", "snr_db"]
        ],
        on="mixture_id",
    ).sort_values("mixture_id")
    values = {metric: np.full((len(facts), len(denoisers)), np.nan) for metric in metrics}
    rows = pd.Index(facts["mixture_id"]).get_indexer(pd.Index(scores["mixture_id"]))
    columns = pd.Index(denoisers).get_indexer(pd.Index(scores["denoiser"]))
    names, numbers = scores["metric"].to_numpy(), scores["value"].to_numpy(dtype=np.float64)
    for metric, matrix in values.items():
        chosen = (names == metric) & (rows >= 0) & (columns >= 0)
        matrix[rows[chosen], columns[chosen]] = numbers[chosen]
    return Scores(
        values=values,
        noise_class=_names(facts["noise_class"]),
        music_category=_names(facts["music_category"]),
        snr=_snr_labels(facts["snr_db"].to_numpy(dtype=np.float64)),
        clean=np.unique(_names(facts["clean_cluster"]), return_inverse=True)[1],
        noise=np.unique(_names(facts["noise_cluster"]), return_inverse=True)[1],
        seconds=(facts["num_samples"] / facts["sampling_rate"]).to_numpy(dtype=np.float64),
    )


def _names(column: pd.Series[Any]) -> Names:
    return np.asarray(column.astype(str).to_numpy(dtype=object), dtype=np.str_)


def _snr_labels(snr_db: Floats) -> Names:
    """Name each SNR, or the step it falls into when there are too many to be a grid.

    >>> _snr_labels(np.array([-5.0, 2.5])).tolist()
    ['-5', '2.5']
    >>> _snr_labels(np.linspace(0, 9.9, 20))[[0, -1]].tolist()
    ['0..5', '5..10']
    """
    if len(np.unique(snr_db)) <= _MOST_SNRS:
        return np.array([f"{value:g}" for value in snr_db], dtype=np.str_)
    low = np.floor(snr_db / _STEP_DB) * _STEP_DB
    return np.array([f"{value:g}..{value + _STEP_DB:g}" for value in low], dtype=np.str_)
