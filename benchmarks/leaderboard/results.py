"""Turn a finished plan's journals into the run's tables."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.leaderboard.dataset import Dataset
from benchmarks.leaderboard.plan import Plan, merged
from benchmarks.leaderboard.score import Entrant
from benchmarks.leaderboard.store import Record, RunFolder, write_rows
from benchmarks.leaderboard.verdict import verdict

logger = logging.getLogger(__name__)

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
    scores, timing, coverage, alignment = [], [], {}, {}
    for entrant in plan.entrants:
        records = merged(folder, entrant)
        found = verdict(records[mixture.id] for mixture in plan.dataset.mixtures)
        if found.told:
            logger.warning("%s: %s", entrant.name, found.told)
        rows = _score_rows(plan, entrant, records, found.reason)
        scores.append(rows)
        timing.append(_timing_row(plan, entrant, records))
        coverage[entrant.name] = _coverage(rows)
        alignment[entrant.name] = asdict(found)
    order = [(name, "ascending") for name in ("mixture_id", "denoiser", "target", "metric")]
    write_rows(folder.root / "scores.parquet", pa.concat_tables(scores).sort_by(order))
    write_rows(folder.root / "mixtures.parquet", _mixture_rows(plan.dataset))
    write_rows(folder.root / "timing.parquet", pa.Table.from_pylist(timing, schema=TIMING))
    return {"coverage": coverage, "alignment": alignment}


def _score_rows(plan: Plan, entrant: Entrant, records: dict[str, Record], common: str) -> pa.Table:
    """Return the rows of a denoiser; what all its estimates have in common is a value's reason."""
    columns: dict[str, list[object]] = {name: [] for name in SCORES.names}
    for mixture in plan.dataset.mixtures:
        for metric, version in plan.versions.items():
            value, reason = records[mixture.id].scores[f"{metric}@{version}"]
            row = {
                "mixture_id": mixture.id,
                "task": mixture.task,
                "denoiser": entrant.name,
                "revision": entrant.revision,
                "target": mixture.targets[0],
                "metric": metric,
                "value": float("nan") if value is None else value,
                "reason": common if reason == "ok" else reason,
                "music_category": mixture.music_category,
                "noise_class": mixture.noise_class,
                "snr_db": mixture.snr_db,
                "split": mixture.split,
            }
            for name, cell in row.items():
                columns[name].append(cell)
    return pa.Table.from_pydict(columns, schema=SCORES)


def _coverage(rows: pa.Table) -> dict[str, dict[str, int]]:
    counts = Counter(zip(rows["metric"].to_pylist(), rows["reason"].to_pylist(), strict=True))
    found: dict[str, dict[str, int]] = {}
    for (metric, reason), count in sorted(counts.items()):
        found.setdefault(metric, {})[reason] = count
    return found


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
