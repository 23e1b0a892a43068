"""Describe a run in full: what was measured, with what, on which machine.

Say where a run's dataset and denoisers lie, so that whoever has the run folder finds them.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import registry
from benchmarks.contract import MetricSpec
from benchmarks.harness.environment import environment
from benchmarks.leaderboard.plan import Plan


def seen_from(run: Path, place: Path) -> str:
    """Return the way from a run folder to a place: nothing of the machine's own tree is told.

    >>> seen_from(Path("out/run"), Path("out/dataset"))
    '../dataset'
    """
    return Path(os.path.relpath(place.resolve(), run.resolve())).as_posix()


def found_from(run: Path, way: str) -> Path:
    """Return the place that a way from a run folder leads to.

    >>> found_from(Path("/out/run"), "../dataset").as_posix()
    '/out/dataset'
    """
    return Path(os.path.normpath(run.resolve() / way))


def request_from(run: Path, request: str) -> str:
    """Write what a denoiser was asked for by, with its file and its weights seen from a run folder.

    >>> request_from(Path("out/run"), "musicecan@weights/a.safetensors")
    'musicecan@../../weights/a.safetensors'
    >>> request_from(Path("out/run"), "wiener")
    'wiener'
    """
    return _moved(request, lambda path: seen_from(run, Path(path)))


def request_found(run: Path, request: str) -> str:
    """Read what ``request_from`` wrote.

    >>> request_found(Path("/out/run"), "../../mine.py:Half")
    '/mine.py:Half'
    """
    return _moved(request, lambda way: found_from(run, way).as_posix())


def _moved(request: str, move: Callable[[str], str]) -> str:
    name, checkpoint = registry.split_checkpoint(request)
    weights = "" if checkpoint is None else f"@{move(checkpoint.as_posix())}"
    if name.endswith(".toml"):
        return move(name) + weights
    path, separator, attribute = name.rpartition(".py:")
    if separator:
        return f"{move(f'{path}.py')}:{attribute}{weights}"
    return name + weights


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
