"""Tell what a run took beside what it cannot do without: denoisers, pesq, pystoi."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.leaderboard.store import Record


@dataclass
class Cost:
    """What one call of `mn bench` spent.

    Attributes:
        processes: How many worked at a time.
    """

    processes: int
    denoising_s: float = 0.0
    library_s: float = 0.0
    estimates: int = 0
    _began: float = field(default_factory=time.perf_counter)

    def add(self, record: Record) -> None:
        """Count what a record cost."""
        self.estimates += 1
        self.denoising_s += record.calls_seconds or 0.0
        self.library_s += record.library_seconds or 0.0

    def summary(self) -> dict[str, Any]:
        """Return what run.json tells."""
        wall_s = time.perf_counter() - self._began
        return {
            "estimates": self.estimates,
            "processes": self.processes,
            "wall_s": round(wall_s, 3),
            "denoising_s": round(self.denoising_s, 3),
            "library_s": round(self.library_s, 3),
        }


def told(cost: dict[str, Any]) -> str:
    """Say it in a line.

    >>> told({"estimates": 8, "processes": 2, "wall_s": 6.0, "denoising_s": 2.0, "library_s": 8.0})
    '8 estimates scored in 6.0 s by 2 processes; inside denoisers and the libraries of metrics: \
2.0 + 8.0 s, 5.0 s per process; ratio 1.20'
    """
    inside_s = (cost["denoising_s"] + cost["library_s"]) / cost["processes"]
    ratio = f"{cost['wall_s'] / inside_s:.2f}" if inside_s > 0 else "–"
    return (
        f"{cost['estimates']} estimates scored in {cost['wall_s']:.1f} s by {cost['processes']} "
        f"processes; inside denoisers and the libraries of metrics: {cost['denoising_s']:.1f} + "
        f"{cost['library_s']:.1f} s, {inside_s:.1f} s per process; ratio {ratio}"
    )
