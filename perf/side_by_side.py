"""Time alternatives in turn, so that a machine whose speed drifts is unfair to none of them."""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def seconds(
    jobs: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Run every job once to warm up, then in turn for some rounds; return each one's median.

    ``time.process_time`` as the clock does not count what others do on the core meanwhile.
    """
    for job in jobs.values():
        job()
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun = clock()
            job()
            taken[name].append(clock() - begun)
    return {name: statistics.median(times) for name, times in taken.items()}


def table(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Print a Markdown table; measured checkouts may be older than the project's own writer."""
    print(f"\n## {title}\n")
    for row in (header, ("---",) * len(header), *rows):
        print("| " + " | ".join(row) + " |")


def at_a_time(function: Callable[..., object], calls: Sequence[tuple[object, ...]]) -> None:
    """Make several calls at a time, each in a process of its own."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=function, args=arguments) for arguments in calls]
    for process in processes:
        process.start()
    for process in processes:
        process.join()


def ours_and_theirs(title: str, taken: Mapping[str, float], *, hours: float) -> None:
    """Print hours of audio per minute; a job is held against the one that follows it."""
    rows, times = [], list(taken.items())
    for (ours, mine), (theirs, their) in zip(times[::2], times[1::2], strict=True):
        rows.append((ours, f"{hours / (mine / 60):.1f}", f"{their / mine:.2f}"))
        rows.append((theirs, f"{hours / (their / 60):.1f}", ""))
    table(title, ("", "hours of audio per minute", "ratio"), rows)
