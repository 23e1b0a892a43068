"""Compare two runs: how much each denoiser's scores differ on the mixtures that both hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.leaderboard.crossed import crossed, estimate
from benchmarks.leaderboard.inference import holm, two_sided
from benchmarks.leaderboard.run_folder import read_finished, read_rows
from mn_dataset.errors import DatasetError

COLUMNS = (
    *("metric", "denoiser", "revision_a", "revision_b", "n", "mean_a", "mean_b"),
    *("difference", "ci_low", "ci_high", "p_value"),
)
"""Of the rows of a comparison."""

_FACTS = ("clean_id", "noise_id", "num_samples", "sampling_rate", "snr_db")


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
    """What is compared of a run; scores by mixture, denoiser and metric."""

    path: Path
    story: dict[str, Any]
    mixtures: pd.DataFrame
    values: pd.Series[float]

    @property
    def revisions(self) -> dict[str, str]:
        return {item["name"]: item["revision"] for item in self.story["denoisers"]}

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        return {item["name"]: item for item in self.story["metrics"]}


def compare_runs(
    first: Path, second: Path, *, progress: Callable[[int, int], None] | None = None
) -> Comparison:
    """Compare each denoiser and metric that two runs share, paired by mixture.

    A mixture is common to both if its id, its recordings, its length and its SNR are.

    Args:
        first: Run A.
        second: Run B.
        progress: Called with (done, all) pairs of a denoiser and a metric.

    Raises:
        DatasetError: if a run is not finished, or they share no mixture, denoiser or metric.
    """
    one, other = _read(first), _read(second)
    mixtures = _common(one, other)
    denoisers = [name for name in one.revisions if name in other.revisions]
    shared = [name for name in one.metrics if name in other.metrics]
    metrics = [
        name for name in shared if one.metrics[name]["version"] == other.metrics[name]["version"]
    ]
    _refuse_none("denoiser", denoisers, (one, list(one.revisions)), (other, list(other.revisions)))
    _refuse_none("metric", metrics, (one, _versions(one)), (other, _versions(other)))
    tables = []
    for number, metric in enumerate(metrics, start=1):
        rows = [_row(name, metric, one, other, mixtures) for name in denoisers]
        table = pd.DataFrame(rows, columns=list(COLUMNS))
        table["p_value"] = holm(table["p_value"].to_numpy())
        tables.append(table)
        if progress:
            progress(number, len(metrics))
    return Comparison(
        rows=pd.concat(tables, ignore_index=True),
        mixtures=len(mixtures),
        units={name: one.metrics[name]["unit"] for name in metrics},
        higher_is_better={name: one.metrics[name]["higher_is_better"] for name in metrics},
        only_a=tuple(sorted(one.revisions.keys() - other.revisions.keys())),
        only_b=tuple(sorted(other.revisions.keys() - one.revisions.keys())),
        other_versions=tuple(name for name in shared if name not in metrics),
    )


def _read(path: Path) -> _Run:
    story = read_finished(path)
    scores = read_rows(path, "scores.parquet").to_pandas()
    snrs = scores.drop_duplicates("mixture_id").set_index("mixture_id")["snr_db"]
    mixtures = read_rows(path, "mixtures.parquet").to_pandas().set_index("mixture_id")
    values = scores.set_index(["denoiser", "metric", "mixture_id"])["value"].sort_index()
    return _Run(path, story, mixtures.join(snrs), values)


def _common(one: _Run, other: _Run) -> pd.DataFrame:
    """Return the mixtures that both runs hold, sorted."""
    ids = one.mixtures.index.intersection(other.mixtures.index).sort_values()
    ours, theirs = (run.mixtures.loc[ids, list(_FACTS)] for run in (one, other))
    same = ids[(ours == theirs).all(axis=1).to_numpy(dtype=bool)]
    if not len(same):
        raise DatasetError(
            f"{one.path} and {other.path} have no mixture in common (of {len(one.mixtures)} and "
            f"{len(other.mixtures)}, {len(ids)} have one id, but other recordings, lengths or "
            "SNRs); expected two runs of `mn bench` over one dataset, or over parts of it"
        )
    return one.mixtures.loc[same]


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
    denoiser: str, metric: str, one: _Run, other: _Run, mixtures: pd.DataFrame
) -> tuple[object, ...]:
    """Compare one denoiser in one metric; a mixture counts where both have a value."""
    sides = [
        run.values.xs((denoiser, metric)).reindex(mixtures.index).to_numpy(dtype=np.float64)
        for run in (one, other)
    ]
    defined = np.isfinite(sides).all(axis=0)
    revisions = one.revisions[denoiser], other.revisions[denoiser]
    if not defined.any():
        return (metric, denoiser, *revisions, 0, *[np.nan] * 6)
    ours, theirs = (side[defined] for side in sides)
    clusters = mixtures[defined]
    crossing = crossed(
        clusters["clean_cluster"].to_numpy(dtype=str), clusters["noise_cluster"].to_numpy(dtype=str)
    )
    found = estimate((theirs - ours)[:, np.newaxis], crossing)
    difference, half = found.mean.item(), found.half_width.item()
    numbers = (difference, difference - half, difference + half, two_sided(found).item())
    return (metric, denoiser, *revisions, len(ours), ours.mean(), theirs.mean(), *numbers)
