"""Denoisers, metrics and the leaderboard of the M&N toolkit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mn_dataset.lazy import exports

if TYPE_CHECKING:
    from benchmarks.contract import DenoiserSpec
    from benchmarks.debleed.debleed import debleed
    from benchmarks.denoise.denoise import denoise
    from benchmarks.harness.apply import load_denoiser
    from benchmarks.leaderboard.compare import compare
    from benchmarks.leaderboard.run import bench
    from benchmarks.leaderboard.verify import verify_run
    from benchmarks.metrics.batched.score import score_batch
    from benchmarks.report.report import report
    from benchmarks.separate.separate import separate
    from benchmarks.training.train import train

__all__ = [
    "DenoiserSpec",
    "bench",
    "compare",
    "debleed",
    "denoise",
    "load_denoiser",
    "report",
    "score_batch",
    "separate",
    "train",
    "verify_run",
]

__getattr__ = exports(
    __name__,
    {
        "DenoiserSpec": "benchmarks.contract",
        "bench": "benchmarks.leaderboard.run",
        "compare": "benchmarks.leaderboard.compare",
        "debleed": "benchmarks.debleed.debleed",
        "denoise": "benchmarks.denoise.denoise",
        "load_denoiser": "benchmarks.harness.apply",
        "report": "benchmarks.report.report",
        "score_batch": "benchmarks.metrics.batched.score",
        "separate": "benchmarks.separate.separate",
        "train": "benchmarks.training.train",
        "verify_run": "benchmarks.leaderboard.verify",
    },
)


def __dir__() -> list[str]:
    """List the public names, for completion."""
    return __all__
