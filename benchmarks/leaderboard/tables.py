"""Turn a finished plan's journals into the run's tables."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from benchmarks.leaderboard.alignment import Verdict, verdict
from benchmarks.leaderboard.dataset import Dataset, Mixture
from benchmarks.leaderboard.evaluate import Entrant
from benchmarks.leaderboard.plan import Plan, merged
from benchmarks.leaderboard.run_folder import Record, RunFolder, write_rows
from mn_dataset.whole import whole

logger = logging.getLogger(__name__)

_MIXTURES = 256  # whose rows are Python's objects at a time

SCORES = pa.schema(
    [
        ("mixture_id", pa.string()),
        ("task", pa.string()),
        ("denoiser", pa.string()),
        ("revision", pa.string()),
        ("target", pa.string()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("reason", pa.string()),
        ("music_category", pa.string()),
        ("noise_class", pa.string()),
        ("snr_db", pa.float64()),
        ("split", pa.string()),
    ]
)
MIXTURES = pa.schema(
    [
        ("mixture_id", pa.string()),
        ("clean_id", pa.string()),
        ("noise_id", pa.string()),
        ("clean_cluster", pa.string()),
        ("noise_cluster", pa.string()),
        ("num_samples", pa.int64()),
        ("sampling_rate", pa.int64()),
    ]
)
TIMING = pa.schema(
    [
        ("denoiser", pa.string()),
        ("revision", pa.string()),
        ("real_time_factor", pa.float64()),
        ("real_time_factor_p95", pa.float64()),
        ("parameters", pa.int64()),
        ("macs_per_s", pa.float64()),
        ("peak_memory_mb", pa.float64()),
        ("device", pa.string()),
        ("audio_s", pa.float64()),
    ]
)


def write_tables(plan: Plan, folder: RunFolder) -> dict[str, Any]:
    """Write scores.parquet, mixtures.parquet and timing.parquet, and warn of what is misaligned.

    Returns:
        What run.json tells: as "coverage" how many scores of each denoiser and metric have which
        reason, as "alignment" what its estimates have in common.
    """
    held = [_held(plan, folder, entrant) for entrant in plan.entrants]
    _write_scores(plan, held, folder.root / "scores.parquet")
    write_rows(folder.root / "mixtures.parquet", _mixture_rows(plan.dataset))
    timing = pa.Table.from_pylist([item.timing for item in held], schema=TIMING)
    write_rows(folder.root / "timing.parquet", timing)
    named = dict(zip((entrant.name for entrant in plan.entrants), held, strict=True))
    return {
        "coverage": {name: item.coverage() for name, item in named.items()},
        "alignment": {name: asdict(item.verdict) for name, item in named.items()},
    }


@dataclass(frozen=True)
class _Held:
    """The scores of one denoiser, small: thousands of mixtures are a few megabytes.

    Attributes:
        metrics: Names, sorted: the columns.
        values: Shape (mixtures, metrics).
        reasons: Places in ``words``, shape as the values.
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
        return {name: dict(sorted(found.items())) for name, found in counts.items()}


def _held(plan: Plan, folder: RunFolder, entrant: Entrant) -> _Held:
    """Gather a denoiser's scores; what all its estimates have in common is a value's reason."""
    records = merged(folder, entrant)
    found = verdict(records[mixture.id] for mixture in plan.dataset.mixtures)
    if found.told:
        logger.warning("%s: %s", entrant.name, found.told)
    keys = {name: f"{name}@{version}" for name, version in sorted(plan.versions.items())}
    shape = (len(plan.dataset.mixtures), len(keys))
    values, reasons = np.full(shape, np.nan), np.zeros(shape, np.int16)
    words: dict[str, int] = {}
    for row, mixture in enumerate(plan.dataset.mixtures):
        for column, key in enumerate(keys.values()):
            value, reason = records[mixture.id].scores[key]
            reason = found.reason if reason == "ok" else reason
            values[row, column] = np.nan if value is None else value
            reasons[row, column] = words.setdefault(reason, len(words))
    timing = _timing_row(plan, entrant, records)
    return _Held(tuple(keys), values, reasons, tuple(words), found, timing)


def _write_scores(plan: Plan, held: Sequence[_Held], path: Path) -> None:
    """Write the long table in its order: mixture, denoiser, target, metric; some at a time."""
    with whole(path) as temporary, pq.ParquetWriter(temporary, SCORES) as writer:
        for first in range(0, len(plan.dataset.mixtures), _MIXTURES):
            rows = range(first, min(first + _MIXTURES, len(plan.dataset.mixtures)))
            columns: dict[str, list[object]] = {name: [] for name in SCORES.names}
            for row in rows:
                for entrant, scores in zip(plan.entrants, held, strict=True):
                    _add(columns, plan.dataset.mixtures[row], entrant, scores, row)
            writer.write_table(pa.Table.from_pydict(columns, schema=SCORES))


def _add(
    columns: dict[str, list[object]], mixture: Mixture, entrant: Entrant, scores: _Held, row: int
) -> None:
    count = len(scores.metrics)
    same = {
        "mixture_id": mixture.id,
        "task": mixture.task,
        "denoiser": entrant.name,
        "revision": entrant.revision,
        "target": mixture.targets[0],
        "music_category": mixture.music_category,
        "noise_class": mixture.noise_class,
        "snr_db": mixture.snr_db,
        "split": mixture.split,
    }
    for name, cell in same.items():
        columns[name] += [cell] * count
    columns["metric"] += scores.metrics
    columns["value"] += scores.values[row].tolist()
    columns["reason"] += [scores.words[code] for code in scores.reasons[row]]


def _mixture_rows(dataset: Dataset) -> pa.Table:
    return pa.Table.from_pylist(
        [
            {
                "mixture_id": mixture.id,
                "clean_id": mixture.clean_id,
                "noise_id": mixture.noise_id,
                "clean_cluster": dataset.clusters.get(mixture.clean_id, mixture.clean_id),
                "noise_cluster": dataset.clusters.get(mixture.noise_id, mixture.noise_id),
                "num_samples": mixture.num_samples,
                "sampling_rate": mixture.sampling_rate,
            }
            for mixture in dataset.mixtures
        ],
        schema=MIXTURES,
    )


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
