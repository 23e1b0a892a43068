"""Aggregate scores into the leaderboard: one row per cell, metric and denoiser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.bootstrap import Floats, Names
from benchmarks.leaderboard.stats import Contest, standings

ALL = "all"
BASELINE = "noisy"
COLUMNS = (
    "denoiser",
    "noise_class",
    "music_category",
    "snr_db",
    "metric",
    "n",
    "mean",
    "median",
    "ci_low",
    "ci_high",
    "delta",
    "p_value",
    "rank",
)

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
        clean: Cluster of each mixture's clean recording.
        noise: Cluster of each mixture's noise recording.
    """

    values: Mapping[str, Floats]
    noise_class: Names
    music_category: Names
    snr: Names
    clean: Names
    noise: Names

    def cells(self) -> Iterator[tuple[str, str, str, NDArray[np.bool_]]]:
        """Yield (noise class, music category, SNR, the cell's mixtures), the whole first."""
        everything = np.ones(len(self.snr), dtype=bool)
        yield ALL, ALL, ALL, everything
        for noise_class in np.unique(self.noise_class).tolist():
            yield noise_class, ALL, ALL, self.noise_class == noise_class
        for category in np.unique(self.music_category).tolist():
            yield ALL, category, ALL, self.music_category == category
        snrs = sorted(set(self.snr.tolist()), key=lambda label: float(label.partition("..")[0]))
        for noise_class in (ALL, *np.unique(self.noise_class).tolist()):
            inside = everything if noise_class == ALL else self.noise_class == noise_class
            for snr in snrs:
                cell = inside & (self.snr == snr)
                if cell.any():
                    yield noise_class, ALL, snr, cell


def leaderboard(
    scores: pd.DataFrame,
    mixtures: pd.DataFrame,
    run: Mapping[str, Any],
    *,
    replicates: int = 2000,
) -> pd.DataFrame:
    """Aggregate a run's scores over every cell.

    Args:
        scores: The rows of ``scores.parquet``.
        mixtures: The rows of ``mixtures.parquet``.
        run: ``run.json``: its denoisers with rank groups, its metrics with directions, its seed.
        replicates: Replicates of the bootstrap.

    Returns:
        The rows of ``leaderboard.csv``, columns ``COLUMNS``; ``rank`` is empty for rows that are
        not ranked.
    """
    names = [denoiser["name"] for denoiser in run["denoisers"]]
    groups = tuple(denoiser["rank_group"] for denoiser in run["denoisers"])
    baseline = names.index(BASELINE) if BASELINE in names else None
    contests = {
        metric["name"]: Contest(
            groups, baseline, metric["higher_is_better"], run["seed"], replicates
        )
        for metric in run["metrics"]
    }
    table = arrange(scores, mixtures, denoisers=names, metrics=list(contests))
    rows: list[tuple[object, ...]] = []
    for noise_class, category, snr, cell in table.cells():
        for metric, contest in contests.items():
            found = standings(
                table.values[metric][cell], table.clean[cell], table.noise[cell], contest=contest
            )
            for name, row in zip(names, found, strict=True):
                rows.append((name, noise_class, category, snr, metric, *astuple(row)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"rank": "Int64"})


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
        clean=_names(facts["clean_cluster"]),
        noise=_names(facts["noise_cluster"]),
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
