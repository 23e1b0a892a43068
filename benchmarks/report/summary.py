"""Gather from a run folder what its report shows, and how a person says it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.contract import DEFINED
from benchmarks.leaderboard import selection
from benchmarks.leaderboard.run_folder import read_finished, read_rows
from benchmarks.leaderboard.score_matrix import ALL, Scores, read_scores
from benchmarks.leaderboard.table import leaderboard
from mn_dataset.records import SYNTHETIC

HEADLINE = selection.HEADLINE
"""The metric of the first table, where a run has it."""


@dataclass(frozen=True)
class Gap:
    """Scores that one denoiser lacks in one metric.

    Attributes:
        denoiser: The denoiser.
        metric: The metric.
        defined: Share of the mixtures that have a value.
        reasons: How many lack it for which reason.
    """

    denoiser: str
    metric: str
    defined: float
    reasons: dict[str, int]


@dataclass(frozen=True)
class Board:
    """A run, aggregated.

    Attributes:
        run: What run.json holds.
        rows: The rows of leaderboard.csv.
        duels: The ranked denoisers pair by pair, over all mixtures and by noise class.
        timing: The rows of timing.parquet, by denoiser.
        scores: What was aggregated, by mixture.
    """

    run: dict[str, Any]
    rows: pd.DataFrame
    duels: pd.DataFrame
    timing: dict[str, dict[str, Any]]
    scores: Scores

    @property
    def title(self) -> str:
        """One line: corpus, what is synthetic, split, mixtures, and what no recording covers."""
        data = self.run["dataset"]
        corpus = data["corpus"] or data["name"]
        splits = " + ".join(data["splits"])
        return (
            f"Denoising leaderboard: corpus {corpus}{self._synthetic()}, "
            f"split {splits}, {data['mixtures']} mixtures{self._uncovered()}"
        )

    @property
    def command(self) -> str:
        """The command that made the run; empty when it was made from Python."""
        return shlex.join(self.run["command_line"])

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """The run's metrics by name, the headline first."""
        found = {metric["name"]: metric for metric in self.run["metrics"]}
        return dict(sorted(found.items(), key=lambda item: item[0] != HEADLINE))

    @property
    def groups(self) -> dict[str, str]:
        """The rank group of each denoiser."""
        return {item["name"]: item["rank_group"] for item in self.run["denoisers"]}

    def whole(self, metric: str) -> pd.DataFrame:
        """Return the rows over all mixtures in one metric, the best mean first."""
        rows = self.rows
        cell = (rows["noise_class"] == ALL) & (rows["music_category"] == ALL)
        chosen = rows[cell & (rows["snr_db"] == ALL) & (rows["metric"] == metric)]
        rising = not self.metrics[metric]["higher_is_better"]
        return chosen.sort_values("mean", ascending=rising, kind="stable")

    @property
    def names(self) -> list[str]:
        """The denoisers, in the order of the scores' columns."""
        return list(self.groups)

    def gaps(self) -> Iterator[Gap]:
        """Yield where a denoiser lacks scores."""
        for denoiser, metrics in self.run["coverage"].items():
            for metric, counts in metrics.items():
                lacking = {key: count for key, count in counts.items() if key not in DEFINED}
                if lacking:
                    share = 1.0 - sum(lacking.values()) / sum(counts.values())
                    yield Gap(denoiser, metric, share, lacking)

    def _synthetic(self) -> str:
        origins: dict[str, int] = self.run["dataset"]["origins"]
        synthetic, total = origins.get(SYNTHETIC, 0), sum(origins.values())
        if not synthetic:
            return ""
        return (
            " (synthetic audio)" if synthetic == total else f" ({synthetic} of {total} synthetic)"
        )

    def _uncovered(self) -> str:
        data = self.run["dataset"]
        names = data.get("uncovered", ())  # an older run lacks it
        if not names or set(data["origins"]) == {SYNTHETIC}:
            return ""
        return f"; not covered by recordings: {', '.join(names)}"


def read_board(run: Path) -> Board:
    """Aggregate a run folder; the dataset is not needed.

    Raises:
        DatasetError: if a file of the run is missing, or the run was not finished.
    """
    story = read_finished(run)
    timing = read_rows(run, "timing.parquet").to_pylist()
    names = [denoiser["name"] for denoiser in story["denoisers"]]
    metrics = [metric["name"] for metric in story["metrics"]]
    scores = read_scores(run, denoisers=names, metrics=metrics)
    found = leaderboard(scores, story)
    return Board(
        run=story,
        rows=found.rows,
        duels=found.duels,
        timing={row["denoiser"]: row for row in timing},
        scores=scores,
    )
