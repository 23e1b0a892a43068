"""Score mixtures in processes that are supervised: one that dies or hangs costs a single estimate.

A denoiser may end its process (a crash in a library, ``os._exit``) or never answer. Then that one
estimate has this as its reason, and the rest of the mixture is done by another process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache

from benchmarks.leaderboard.evaluate import DENOISING, Entrant, Job, failure, scoring_steps
from benchmarks.leaderboard.run_folder import Record
from benchmarks.metrics import selftest
from mn_dataset.workers import Loss, Stage, cores, supervised

TIMEOUT_S = 600.0
"""How long an estimate may take, unless a run says otherwise."""


def score_all(
    jobs: Iterable[Job], *, workers: int | None, timeout_s: float
) -> Iterator[tuple[Entrant, Record]]:
    """Yield every record as soon as it is known, with the denoiser that it is of.

    Args:
        jobs: Taken as they are needed.
        workers: Processes; None for one per core; 0 for none but this, where a denoiser that
            ends its process ends the run, and no time is kept.
        timeout_s: Longer than this and an estimate has that as its reason.

    Raises:
        MnError: if this machine fails the self-test, if a process is ended from outside or dies
            when no denoiser can be to blame; or whatever scoring raises.
    """
    if workers == 0:
        for job in jobs:
            yield from (step for step in _tested_steps(job) if not isinstance(step, Stage))
        return
    results = supervised(
        _tested_steps, jobs, workers=workers or cores(), timeout_s=timeout_s, rest=_after
    )
    for job, result in results:
        yield _failure(job, result) if isinstance(result, Loss) else result


def _tested_steps(job: Job) -> Iterator[tuple[Entrant, Record] | Stage]:
    _test_once()
    yield from scoring_steps(job)


@cache
def _test_once() -> None:
    """Test this process once, before it scores anything."""
    selftest.check()


def _after(job: Job, stage: tuple[Entrant, str]) -> Job | None:
    """Return what is left of a mixture after the denoiser that it was broken off at."""
    rest = job.entrants[job.entrants.index(stage[0]) + 1 :]
    return replace(job, entrants=rest) if rest else None


def _failure(job: Job, loss: Loss) -> tuple[Entrant, Record]:
    entrant, step = loss.stage
    if step == DENOISING:
        kind = "timed_out" if loss.timed_out else "died"
        return entrant, failure(job, entrant, kind, f"denoiser {entrant.name!r} {loss.reason}")
    text = f"a metric of {entrant.name!r} {loss.reason}"
    return entrant, failure(job, entrant, "library_error", text)
