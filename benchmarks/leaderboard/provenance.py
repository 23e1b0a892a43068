"""Describe a run in full: what was measured, with what, on which machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.contract import MetricSpec
from benchmarks.harness.environment import environment
from benchmarks.leaderboard.places import request_from, seen_from
from benchmarks.leaderboard.plan import Plan


def describe_run(plan: Plan, run: Path) -> dict[str, Any]:
    """Return what the plan and this machine put into run.json.

    Args:
        plan: What the run holds.
        run: The run folder, from which the places of dataset and denoisers are seen.
    """
    dataset = plan.dataset
    return {
        "settings": plan.settings(),
        "dataset": {
            "name": dataset.root.resolve().name,
            "path": seen_from(run, dataset.root),
            "manifest_sha256": dataset.manifest_sha256,
            **dataset.provenance,
            "mixtures": len(dataset.mixtures),
            "splits": dict(sorted(Counter(item.split for item in dataset.mixtures).items())),
            "recipe_seeds": sorted({item.seed for item in dataset.mixtures}),
            "origins": dict(sorted(dataset.origins.items())),
            "uncovered": list(dataset.uncovered),
        },
        "denoisers": [
            {
                **asdict(plan.specs[entrant.name]),
                "name": entrant.name,
                "request": request_from(run, entrant.request),
                "revision": entrant.revision,
                "rank_group": plan.specs[entrant.name].rank_group,
                "needs": sorted(plan.specs[entrant.name].needs),
                "weights": asdict(plan.cards[entrant.name]) if entrant.name in plan.cards else None,
            }
            for entrant in plan.entrants
        ],
        "metrics": [_metric(metric) for metric in plan.metrics],
        "not_installed": [{"name": entry.name, "install": entry.install} for entry in plan.absent],
        "environment": environment(),
    }


def _metric(metric: MetricSpec) -> dict[str, Any]:
    low, high = metric.range
    bounds = [bound if abs(bound) != float("inf") else None for bound in (low, high)]
    return {**asdict(metric), "range": bounds}
