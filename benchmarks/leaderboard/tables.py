"""Turn the journals of a finished plan into the tables of its run.

A denoiser whose estimates are late, upside down or of another level throughout is named. One
estimate says little of that: noise blurs a lag, and a denoiser may take a note away. The median
over all mixtures is the denoiser's doing, or its declaration's, and no number of a metric that
minds such things is to be read without it.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.harness.alignment import MOST_GAIN_DB
from benchmarks.leaderboard.evaluate import Entrant, score_key, score_targets
from benchmarks.leaderboard.plan import Plan, merged
from benchmarks.leaderboard.run_folder import (
    Record,
    RunFolder,
    cluster_columns,
    mixtures_schema,
    scores_schema,
)
from benchmarks.leaderboard.run_schema import TIMING
from benchmarks.leaderboard.sampling import NOT_SAMPLED
from mn_dataset.files.parquet import write_rows, writer
from mn_dataset.mix.dataset import Dataset, MixtureRow

logger = logging.getLogger(__name__)

_MIXTURES = 256  # whose rows are Python's objects at a time
_MOST_LAG = 0.1  # samples: 35 dB of SNR
_FAINTEST = 1e-8


def write_tables(plan: Plan, folder: RunFolder) -> dict[str, Any]:
    """Write scores.parquet, mixtures.parquet and timing.parquet, and warn of what is misaligned.

    Returns:
        What goes into run.json: as "coverage" how many scores of each denoiser and metric have
        which reason, as "alignment" what its estimates have in common.
    """
    results = [_results(plan, folder, entrant) for entrant in plan.entrants]
    _write_scores(plan, results, folder.root / "scores.parquet")
    task = plan.dataset.task
    rows = _mixture_rows(plan.dataset)
    write_rows(folder.root / "mixtures.parquet", rows, mixtures_schema(task))
    write_rows(folder.root / "timing.parquet", [item.timing for item in results], TIMING)
    names = [entrant.name for entrant in plan.entrants]
    return {
        "coverage": {name: item.coverage() for name, item in zip(names, results, strict=True)},
        "alignment": {
            name: asdict(item.verdict) for name, item in zip(names, results, strict=True)
        },
    }


@dataclass(frozen=True)
class Verdict:
    """What all estimates of a denoiser have in common.

    Attributes:
        lag: Median samples by which they are late; None where they are too unlike the clean signal.
        gain_db: Median level of the clean signal in them; None where there is no estimate.
        reason: "ok", or the typed reason of their values.
        told: What is wrong, in words; "" if nothing is.
    """

    lag: float | None
    gain_db: float | None
    reason: str
    told: str


def verdict(records: Iterable[Record]) -> Verdict:
    """Judge the estimates of one denoiser.

    >>> half = Record("test/0", {}, seconds=1.0, lag=0.0, gain=0.5)
    >>> verdict([half]).told
    'the clean signal stands in the estimates at -6.0 dB'
    """
    measured = [(record.lag, record.gain) for record in records if record.gain is not None]
    if not measured:
        return Verdict(None, None, "ok", "")
    level = float(np.median([abs(gain) for _, gain in measured]))
    gain_db = 20.0 * math.log10(max(level, _FAINTEST))
    alike = [(lag, gain) for lag, gain in measured if lag is not None]
    are_alike = 2 * len(alike) >= len(measured)
    lag = float(np.median([lag for lag, _ in alike])) if are_alike else None
    faults = {}
    if lag is not None and abs(lag) > _MOST_LAG:
        word = "late" if lag > 0 else "early"
        faults["misaligned"] = f"the estimates are {abs(lag):.2f} samples {word}"
    if are_alike and np.median([gain for _, gain in alike]) < 0:
        faults["inverted"] = "the estimates are upside down"
    if abs(gain_db) > MOST_GAIN_DB:
        faults["wrong_level"] = f"the clean signal stands in the estimates at {gain_db:+.1f} dB"
    return Verdict(lag, gain_db, next(iter(faults), "ok"), "; ".join(faults.values()))


@dataclass(frozen=True)
class _Results:
    """The scores of one denoiser, small: thousands of mixtures are a few megabytes.

    Attributes:
        metrics: Names, sorted: the columns.
        values: Shape (targets of all mixtures in turn, metrics).
        reasons: Numbers of ``words``, shape as the values.
        words: The reasons that there are.
        verdict: What all its estimates have in common.
        timing: Its row of timing.parquet.
    """

    metrics: tuple[str, ...]
    values: NDArray[np.float64]
    reasons: NDArray[np.int16]
    words: tuple[str, ...]
    verdict: Verdict
    timing: dict[str, Any]

    def coverage(self) -> dict[str, dict[str, int]]:
        """Return, by metric, how many scores have which reason."""
        counts = {
            name: Counter(self.words[code] for code in codes)
            for name, codes in zip(self.metrics, self.reasons.T, strict=True)
        }
        return {name: dict(sorted(count.items())) for name, count in counts.items()}


def _results(plan: Plan, folder: RunFolder, entrant: Entrant) -> _Results:
    """Gather a denoiser's scores; what all its estimates have in common is a value's reason."""
    records = merged(folder, entrant)
    common = verdict(
        records[mixture.id] for mixture in plan.dataset.mixtures if plan.due[mixture.id]
    )
    if common.told:
        logger.warning("%s: %s", entrant.name, common.told)
    metrics = sorted(plan.versions)
    scores = [
        records[mixture.id].scores[score_key(name, plan.versions[name], target)]
        if name in plan.due[mixture.id]
        else (None, NOT_SAMPLED)
        for mixture in plan.dataset.mixtures
        for target in score_targets(plan.dataset.task, mixture)
        for name in metrics
    ]
    values = np.array([np.nan if value is None else value for value, _ in scores])
    words: dict[str, int] = {}
    reasons = np.array(
        [
            words.setdefault(common.reason if reason == "ok" else reason, len(words))
            for _, reason in scores
        ],
        dtype=np.int16,
    )
    return _Results(
        metrics=tuple(metrics),
        values=values.reshape(-1, len(metrics)),
        reasons=reasons.reshape(-1, len(metrics)),
        words=tuple(words),
        verdict=common,
        timing=_timing_row(plan, entrant, records),
    )


def _write_scores(plan: Plan, results: Sequence[_Results], path: Path) -> None:
    """Write the long table in its order: mixture, denoiser, target, metric; some at a time."""
    schema = scores_schema(plan.dataset.task)
    mixtures = plan.dataset.mixtures
    row = 0
    with writer(path, schema) as file:
        for first in range(0, len(mixtures), _MIXTURES):
            columns: dict[str, list[object]] = {name: [] for name in schema.names}
            for mixture in mixtures[first : first + _MIXTURES]:
                rows = range(row, row + len(mixture.targets))
                _add(columns, plan, results, mixture, rows)
                row = rows.stop
            file.write_table(pa.Table.from_pydict(columns, schema=schema))


def _add(
    columns: dict[str, list[object]],
    plan: Plan,
    results: Sequence[_Results],
    mixture: MixtureRow,
    rows: range,
) -> None:
    """Add the scores on one mixture, whose targets stand in some rows of the results."""
    facets = (facet.column for facet in plan.dataset.task.facets)
    same = {
        "mixture_id": mixture.id,
        "task": mixture.task,
        **dict(zip(facets, mixture.labels, strict=True)),
        "split": mixture.split,
    }
    for entrant, result in zip(plan.entrants, results, strict=True):
        for target, row in zip(mixture.targets, rows, strict=True):
            own = {"denoiser": entrant.name, "revision": entrant.revision, "target": target.name}
            for name, cell in (same | own).items():
                columns[name] += [cell] * len(result.metrics)
            columns["metric"] += result.metrics
            columns["value"] += result.values[row].tolist()
            columns["reason"] += [result.words[code] for code in result.reasons[row]]


def _mixture_rows(dataset: Dataset) -> list[dict[str, Any]]:
    ids = [axis.column for axis in dataset.task.clusters]
    clusters = cluster_columns(dataset.task)
    return [
        {
            "mixture_id": mixture.id,
            **dict(zip(ids, mixture.cluster_ids, strict=True)),
            **dict(zip(clusters, dataset.clusters_of(mixture), strict=True)),
            "num_samples": mixture.num_samples,
            "sampling_rate": mixture.sampling_rate,
        }
        for mixture in dataset.mixtures
    ]


def _timing_row(plan: Plan, entrant: Entrant, records: dict[str, Record]) -> dict[str, Any]:
    """Summarise what a denoiser cost; what was not measured or is not known stays empty."""
    durations_s = {item.id: item.num_samples / item.sampling_rate for item in plan.dataset.mixtures}
    timed = {
        key: record.seconds
        for key, record in records.items()
        if record.seconds is not None and key in durations_s
    }
    factors = [seconds / durations_s[key] for key, seconds in timed.items()]
    median, p95 = np.quantile(factors, [0.5, 0.95]).tolist() if factors else (None, None)
    memory = (record.peak_memory_mb for record in records.values() if record.peak_memory_mb)
    return {
        "denoiser": entrant.name,
        "revision": entrant.revision,
        "real_time_factor": median,
        "real_time_factor_p95": p95,
        "parameters": _parameters(plan, entrant.name),
        "macs_per_s": None,
        "peak_memory_mb": next(memory, None),
        "device": plan.device if plan.specs[entrant.name].backend == "torch" else "cpu",
        "audio_s": sum(durations_s[key] for key in timed),
    }


def _parameters(plan: Plan, name: str) -> int | None:
    """Return how many numbers a denoiser learned; None where nobody tells."""
    if name in plan.cards:
        return plan.cards[name].parameters
    return 0 if plan.specs[name].trained_on is None else None
