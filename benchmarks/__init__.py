"""Denoisers, metrics and the leaderboard of the M&N toolkit."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.contract import DenoiserSpec
    from benchmarks.harness.apply import load_denoiser
    from benchmarks.metrics.batched.score import score_batch

__all__ = ["DenoiserSpec", "load_denoiser", "score_batch"]

_ROOMS = {
    "DenoiserSpec": "benchmarks.contract",
    "load_denoiser": "benchmarks.harness.apply",
    "score_batch": "benchmarks.metrics.batched.score",
}


def __getattr__(name: str) -> Any:
    """Open the room behind a public name on first use."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'benchmarks' has no attribute {name!r}")
    return getattr(importlib.import_module(_ROOMS[name]), name)


def __dir__() -> list[str]:
    return __all__
