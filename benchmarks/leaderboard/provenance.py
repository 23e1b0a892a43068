"""Describe a run in full: what was measured, with what, on which machine."""

from __future__ import annotations

import os
import platform
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.contract import MetricSpec
from benchmarks.leaderboard.plan import Plan

PACKAGES = (
    "joblib",
    "mn-dataset",
    "noisereduce",
    "numpy",
    "pandas",
    "pesq",
    "pyarrow",
    "pystoi",
    "scipy",
    "soundfile",
    "soxr",
    "torch",
)
"""Packages on which a number may depend; the absent ones are left out."""


def describe_run(plan: Plan) -> dict[str, Any]:
    """Return what the plan and this machine put into run.json."""
    dataset = plan.dataset
    return {
        "settings": plan.settings(),
        "dataset": {
            "name": dataset.root.resolve().name,
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
                "name": entrant.name,
                "revision": entrant.revision,
                "rank_group": plan.specs[entrant.name].rank_group,
                **asdict(plan.specs[entrant.name]),
                "needs": sorted(plan.specs[entrant.name].needs),
            }
            for entrant in plan.entrants
        ],
        "metrics": [_metric(metric) for metric in plan.metrics],
        "not_installed": [{"name": entry.name, "install": entry.install} for entry in plan.absent],
        "environment": environment(),
    }


def environment() -> dict[str, Any]:
    """Return the versions and the machine behind every number.

    >>> environment()["python"].startswith("3.")
    True
    """
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu": _cpu(Path("/proc/cpuinfo")),
        "cores": os.cpu_count(),
        "packages": {name: _version(name) for name in PACKAGES if _version(name)},
    }


def now() -> str:
    """Return the time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _metric(metric: MetricSpec) -> dict[str, Any]:
    low, high = metric.range
    bounds = [bound if abs(bound) != float("inf") else None for bound in (low, high)]
    return {**asdict(metric), "range": bounds}


def _cpu(cpuinfo: Path) -> str:
    """Return the processor's model, where the platform tells it."""
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
