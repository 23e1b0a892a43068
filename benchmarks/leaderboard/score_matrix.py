"""Hold the scores of a run by mixture: one matrix per metric, and what the mixtures are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.leaderboard.crossed import Crossing, crossed
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.ranking import Crossings
from benchmarks.leaderboard.run_folder import read_rows, read_some

Names = NDArray[np.str_]

ALL = "all"

_MOST_SNRS = 12  # more distinct SNRs were drawn from a range; they are told in steps
_STEP_DB = 5.0
_FACTS = ("mixture_id", "music_category", "noise_class", "snr_db")
_CELL = ("denoiser", "metric", "value")


@dataclass(frozen=True)
class Scores:
    """The scores of a run, by mixture.

    Attributes:
        ids: The mixtures, sorted.
        values: Per metric, shape (mixtures, denoisers); NaN is undefined.
        noise_class: Of each mixture.
        music_category: Of each mixture.
        snr: Label of each mixture's SNR.
        clean: Number of the cluster of each mixture's clean recording.
        noise: Number of the cluster of each mixture's noise recording.
        seconds: Length of each mixture.
    """

    ids: tuple[str, ...]
    values: Mapping[str, Floats]
    noise_class: Names
    music_category: Names
    snr: Names
    clean: NDArray[np.intp]
    noise: NDArray[np.intp]
    seconds: Floats

    @property
    def clusters(self) -> tuple[int, int]:
        """How many clean and noise recordings (or groups of them) were mixed."""
        return len(np.unique(self.clean)), len(np.unique(self.noise))

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


def read_scores(run: Path, *, denoisers: Sequence[str], metrics: Sequence[str]) -> Scores:
    """Read a run's scores, some rows at a time: all of them are many times what they come to.

    Args:
        run: A run folder with scores.parquet and mixtures.parquet.
        denoisers: The columns of the matrices.
        metrics: The matrices.

    Raises:
        DatasetError: if one of the files is missing or damaged.
    """
    mixtures = read_rows(run, "mixtures.parquet").to_pandas()
    rows = read_some(run, "scores.parquet", columns=(*_FACTS, *_CELL))
    parts = (part.to_pandas() for part in rows)
    return arrange(parts, mixtures, denoisers=denoisers, metrics=metrics)


def arrange(
    parts: Iterable[pd.DataFrame],
    mixtures: pd.DataFrame,
    *,
    denoisers: Sequence[str],
    metrics: Sequence[str],
) -> Scores:
    """Turn long rows of scores into one matrix per metric.

    Args:
        parts: The rows of ``scores.parquet``, some at a time.
        mixtures: The rows of ``mixtures.parquet``; those without scores are left out.
        denoisers: The columns of the matrices.
        metrics: The matrices.
    """
    ids = pd.Index(sorted(mixtures["mixture_id"]))
    values = {metric: np.full((len(ids), len(denoisers)), np.nan) for metric in metrics}
    told = []
    for part in parts:
        _fill(values, part, ids, pd.Index(denoisers))
        told.append(part.drop_duplicates("mixture_id")[list(_FACTS)])
    facts = mixtures.merge(
        pd.concat(told).drop_duplicates("mixture_id"), on="mixture_id"
    ).sort_values("mixture_id")
    scored = ids.isin(facts["mixture_id"])
    return Scores(
        ids=tuple(facts["mixture_id"]),
        values={metric: matrix[scored] for metric, matrix in values.items()},
        noise_class=_names(facts["noise_class"]),
        music_category=_names(facts["music_category"]),
        snr=_snr_labels(facts["snr_db"].to_numpy(dtype=np.float64)),
        clean=np.unique(_names(facts["clean_cluster"]), return_inverse=True)[1],
        noise=np.unique(_names(facts["noise_cluster"]), return_inverse=True)[1],
        seconds=(facts["num_samples"] / facts["sampling_rate"]).to_numpy(dtype=np.float64),
    )


def _fill(
    values: Mapping[str, Floats], part: pd.DataFrame, ids: pd.Index[str], denoisers: pd.Index[str]
) -> None:
    """Put some rows' values where they belong; those of others are passed over."""
    rows = ids.get_indexer(pd.Index(part["mixture_id"]))
    columns = denoisers.get_indexer(pd.Index(part["denoiser"]))
    names, numbers = part["metric"].to_numpy(), part["value"].to_numpy(dtype=np.float64)
    for metric, matrix in values.items():
        chosen = (names == metric) & (rows >= 0) & (columns >= 0)
        matrix[rows[chosen], columns[chosen]] = numbers[chosen]


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
