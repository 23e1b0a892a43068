"""Describe a run in full: what was measured, with what, on which machine, from which files."""

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


def path_to(run: Path, path: Path) -> str:
    """Return a path as seen from a run folder: nothing of the machine's own tree is in it.

    >>> path_to(Path("out/run"), Path("out/dataset"))
    '../dataset'
    """
    return Path(os.path.relpath(path.resolve(), run.resolve())).as_posix()


def path_from(run: Path, relative: str) -> Path:
    """Return the path that ``path_to`` wrote, for a run folder that may have moved with it.

    >>> path_from(Path("/out/run"), "../dataset").as_posix()
    '/out/dataset'
    """
    return Path(os.path.normpath(run.resolve() / relative))


def request_to(run: Path, request: str) -> str:
    """Return what a denoiser was asked for by, with its file and weights as seen from a run folder.

    >>> request_to(Path("out/run"), "musicecan@weights/a.safetensors")
    'musicecan@../../weights/a.safetensors'
    >>> request_to(Path("out/run"), "wiener")
    'wiener'
    """
    return _with_paths(request, lambda path: path_to(run, Path(path)))


def request_from(run: Path, request: str) -> str:
    """Return the request that ``request_to`` wrote.

    >>> request_from(Path("/out/run"), "../../mine.py:Half")
    '/mine.py:Half'
    """
    return _with_paths(request, lambda relative: path_from(run, relative).as_posix())


def _with_paths(request: str, change: Callable[[str], str]) -> str:
    name, checkpoint = registry.split_checkpoint(request)
    weights = "" if checkpoint is None else f"@{change(checkpoint.as_posix())}"
    if name.endswith(".toml"):
        return change(name) + weights
    path, separator, attribute = name.rpartition(".py:")
    if separator:
        return f"{change(f'{path}.py')}:{attribute}{weights}"
    return name + weights


def describe_run(plan: Plan, run: Path) -> dict[str, Any]:
    """Return what the plan and this machine put into run.json.

    Args:
        plan: What the run holds.
        run: The run folder, from which the files of dataset and denoisers are named.
    """
    dataset = plan.dataset
    return {
        "settings": plan.settings(),
        "dataset": {
            "name": dataset.root.resolve().name,
            "path": path_to(run, dataset.root),
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
                "request": request_to(run, entrant.request),
                "revision": entrant.revision,
                "rank_group": plan.specs[entrant.name].rank_group,
                "needs": sorted(plan.specs[entrant.name].needs),
                "weights": asdict(plan.cards[entrant.name]) if entrant.name in plan.cards else None,
            }
            for entrant in plan.entrants
        ],
        "metrics": [
            {**_metric(metric), "every": plan.every[metric.name]} for metric in plan.metrics
        ],
        "not_installed": [{"name": entry.name, "install": entry.install} for entry in plan.absent],
        "environment": environment(),
    }


def _metric(metric: MetricSpec) -> dict[str, Any]:
    low, high = metric.range
    bounds = [bound if abs(bound) != float("inf") else None for bound in (low, high)]
    facts = {**asdict(metric), "range": bounds}
    del facts["reasons"]  # they are the code's, and stand with the scores that have them
    return facts
