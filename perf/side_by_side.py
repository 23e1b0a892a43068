"""Time alternatives in turn, so that a machine whose speed drifts is unfair to none of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def seconds(jobs: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Run every job once to warm up, then in turn for some rounds; return each one's median."""
    for job in jobs.values():
        job()
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            taken[name].append(time.perf_counter() - begun)
    return {name: statistics.median(times) for name, times in taken.items()}


def table(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n")
    for row in (header, ("---",) * len(header), *rows):
        print("| " + " | ".join(row) + " |")
