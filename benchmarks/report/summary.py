"""Summarise a run folder: the aggregated scores, their title, and what they lack."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.contract import DEFINED
from benchmarks.leaderboard import selection
from benchmarks.leaderboard.aggregation import leaderboard
from benchmarks.leaderboard.ranking import negligible
from benchmarks.leaderboard.run_folder import read_finished, read_table
from benchmarks.leaderboard.sampling import NOT_SAMPLED
from benchmarks.leaderboard.score_matrix import ALL, Scores, read_scores
from mn_dataset.records import SYNTHETIC
from mn_dataset.tasks.facets import Facet
from mn_dataset.tasks.spec import TaskSpec

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
        duels: The ranked denoisers pair by pair, over all mixtures and by each facet alone.
        claims: Who is better than doing nothing, and than the best classical denoiser; likewise.
        timing: The rows of timing.parquet, by denoiser.
        scores: What was aggregated, by mixture.
    """

    run: dict[str, Any]
    rows: pd.DataFrame
    duels: pd.DataFrame
    claims: pd.DataFrame
    timing: dict[str, dict[str, Any]]
    scores: Scores

    @property
    def title(self) -> str:
        """One line: corpus, what is synthetic, split, mixtures, and what no recording covers."""
        data = self.run["dataset"]
        corpus = data["corpus"] or data["name"]
        splits = " + ".join(data["splits"])
        activity = self.task.activity or self.task.name
        return (
            f"{activity.capitalize()} leaderboard: corpus {corpus}{self._synthetic()}, "
            f"split {splits}, {data['mixtures']} mixtures{self._uncovered()}"
        )

    @property
    def task(self) -> TaskSpec:
        """What the mixtures are for."""
        return self.scores.task

    @property
    def first_facet(self) -> Facet:
        """The side of the cells that the main table and the pairwise tests are divided by."""
        return self.task.facets[0]

    @property
    def fixed(self) -> str:
        """What the test set fixes: "of these noise classes at these SNRs"."""
        words = [f"at these {facet.plural}" for facet in self.task.facets if facet.numeric]
        if not self.first_facet.numeric:
            words.insert(0, f"of these {self.first_facet.plural}")
        return " ".join(words)

    @property
    def command(self) -> str:
        """The command that made the run; empty when it was made from Python."""
        return shlex.join(self.run["command_line"])

    @property
    def metrics(self) -> dict[str, dict[str, Any]]:
        """The run's metrics by name, the headline first."""
        metrics = {metric["name"]: metric for metric in self.run["metrics"]}
        return dict(sorted(metrics.items(), key=lambda item: item[0] != HEADLINE))

    @property
    def groups(self) -> dict[str, str]:
        """The rank group of each denoiser."""
        return {item["name"]: item["rank_group"] for item in self.run["denoisers"]}

    @property
    def assumptions(self) -> dict[str, str]:
        """What each denoiser assumes of the mixtures; empty for nothing."""
        return {item["name"]: item.get("assumes", "") for item in self.run["denoisers"]}

    def over_all(self, metric: str) -> pd.DataFrame:
        """Return the rows over all mixtures in one metric, the best mean first."""
        rising = not self.metrics[metric]["higher_is_better"]
        rows = self.by(None, metric)
        return rows.sort_values("mean", ascending=rising, kind="stable")

    def by(self, key: str | None, metric: str) -> pd.DataFrame:
        """Return the rows in one metric that are divided by one key alone, and those over all."""
        rows = self._divided(self.rows, self.scores.keys, key)
        return rows[rows["metric"] == metric]

    def duels_by(self, facet: str | None) -> pd.DataFrame:
        """Return the duels that are divided by one facet alone, and those over all."""
        return self._divided(self.duels, self.scores.labels, facet)

    def claims_by(self, facet: str | None, metric: str, family: str) -> pd.DataFrame:
        """Return the claims of a family in one metric, likewise."""
        rows = self._divided(self.claims, self.scores.labels, facet)
        return rows[(rows["metric"] == metric) & (rows["family"] == family)]

    def lacking(self, metric: str) -> dict[str, int]:
        """Return on how many of the mixtures that anybody has a value on each denoiser has none."""
        missing = np.isnan(self.scores.values[metric])
        counts = missing[~missing.all(axis=1)].sum(axis=0)
        return dict(zip(self.names, counts.tolist(), strict=True))

    def measured(self, metric: str) -> int:
        """Return on how many mixtures anybody has a value."""
        return int(np.isfinite(self.scores.values[metric]).any(axis=1).sum())

    def negligible(self, metric: str) -> float:
        """Return which difference on a mixture is negligible."""
        return negligible(self.metrics[metric])

    def digits(self, metric: str) -> int:
        """Return after how many decimals a metric is cut off: where less no longer matters."""
        return 3 if self.negligible(metric) < 0.1 else 2

    def unit(self, metric: str) -> str:
        """Return the metric's unit as it stands after a number."""
        unit = self.metrics[metric]["unit"]
        return "" if unit == "1" else f" {unit}"

    def axis_texts(self, column: str, labels: Sequence[str] | None = None) -> list[str]:
        """Return the labels of a facet, or some of them, as tables show them."""
        unit = " dB" if column in self.scores.numbers else ""
        shown = self.scores.axis(column) if labels is None else labels
        return [f"{label}{unit}" for label in shown]

    def recordings(self, joint: str = " and ") -> str:
        """Return how many recordings of each kind were mixed: "4 clean and 3 noise recordings"."""
        counted = [
            f"{count} {axis.plural}"
            for count, axis in zip(self.scores.cluster_counts, self.task.clusters, strict=True)
            if axis.column
        ]
        last = counted[-1].rpartition(" ")[2] if counted else ""
        return joint.join(
            [*(words.removesuffix(f" {last}") for words in counted[:-1]), *counted[-1:]]
        )

    @property
    def names(self) -> list[str]:
        """The denoisers, in the order of the scores' columns."""
        return list(self.groups)

    def gaps(self) -> Iterator[Gap]:
        """Yield where a denoiser lacks scores."""
        for denoiser, metrics in self.run["coverage"].items():
            for metric, counts in metrics.items():
                asked = {key: count for key, count in counts.items() if key != NOT_SAMPLED}
                lacking = {key: count for key, count in asked.items() if key not in DEFINED}
                if lacking:
                    share = 1.0 - sum(lacking.values()) / sum(asked.values())
                    yield Gap(denoiser, metric, share, lacking)

    @staticmethod
    def _divided(rows: pd.DataFrame, keys: Iterable[str], key: str | None) -> pd.DataFrame:
        """Return the rows of cells in which no other key is fixed."""
        return rows[(rows[[name for name in keys if name != key]] == ALL).all(axis=1)]

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
    description = read_finished(run)
    timing = read_table(run, "timing.parquet").to_pylist()
    names = [denoiser["name"] for denoiser in description["denoisers"]]
    metrics = [metric["name"] for metric in description["metrics"]]
    scores = read_scores(run, denoisers=names, metrics=metrics)
    board = leaderboard(scores, description)
    return Board(
        run=description,
        rows=board.rows,
        duels=board.duels,
        claims=board.claims,
        timing={row["denoiser"]: row for row in timing},
        scores=scores,
    )
