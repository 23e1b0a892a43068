"""Describe every registered denoiser, installed or not, without importing optional packages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks import registry
from benchmarks.contract import DenoiserSpec
from benchmarks.harness.checks import DenoiserFailed, importing
from benchmarks.harness.load import (
    LOADERS,
    missing_requirement,
    read_spec,
    shipped_weights,
    train_command,
)
from benchmarks.layers.weights_file import read_card
from benchmarks.registry import Entry
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError


def describe_denoisers() -> list[dict[str, Any]]:
    """Return one row per denoiser, with the keys that ``mn denoisers`` prints as JSON.

    ``weights`` is the SHA-256 of those that ship, None where none do. ``parameters`` counts
    learned ones: 0 for a denoiser that learned nothing, None when unknown. ``reason`` and
    ``install`` are None where nothing is missing.

    >>> next(row["rank_group"] for row in describe_denoisers() if row["name"] == "noisy")
    'reference'
    """
    return [_described(entry) for entry in registry.denoisers().values()]


def _described(entry: Entry) -> dict[str, Any]:
    try:
        with importing(entry.name):
            attribute = entry.load(LOADERS)
        spec = read_spec(attribute, name=entry.name)
    except DenoiserFailed as error:
        return _broken(entry.name, error.reason)
    except InputError as error:
        return _broken(entry.name, str(error))
    shipped = shipped_weights(spec)
    reason, install = _obstacle(spec, shipped)
    return {
        "name": entry.name,
        "task": spec.task,
        "available": reason is None,
        "reason": reason,
        "install": install,
        "weights": shipped and file_sha256(shipped),
        "sampling_rate": spec.sampling_rate,
        "parameters": _parameters(spec, shipped),
        "license": spec.license,
        "needs": sorted(spec.needs),
        "assumes": spec.assumes,
        "rank_group": spec.rank_group,
    }


def _obstacle(spec: DenoiserSpec, shipped: Path | None) -> tuple[str | None, str | None]:
    """Return what keeps a bare name from running, and the command that helps."""
    missing = missing_requirement(spec)
    if missing is not None:
        return f"the {missing.kind} {missing.package!r} is not installed", missing.command
    if spec.learned and shipped is None:
        return f"no weights ship; run {spec.name}@RUN", train_command(spec)
    return None, None


def _parameters(spec: DenoiserSpec, shipped: Path | None) -> int | None:
    if not spec.learned:
        return 0 if spec.trained_on is None else None
    return read_card(shipped).parameters if shipped and missing_requirement(spec) is None else None


def _broken(name: str, reason: str) -> dict[str, Any]:
    """Describe a third party's denoiser that cannot be imported or declares nonsense."""
    unknown = ("task", "install", "weights", "sampling_rate", "parameters", "license", "rank_group")
    row = {"name": name, "available": False, "reason": reason, "needs": [], "assumes": ""}
    return row | dict.fromkeys(unknown)
