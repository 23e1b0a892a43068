"""Run denoisers over a dataset and score their estimates; a second run does what is missing.

A denoiser may end its process (a crash in a library, ``os._exit``) or never answer. The processes
are supervised: that one estimate has this as its reason, and another process does the rest. On a
cluster they are not ours to supervise: a mixture whose worker ends is tried by another, and no time
is kept.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from benchmarks.harness.environment import now
from benchmarks.leaderboard.evaluate import (
    DENOISING,
    UNREADABLE,
    Entrant,
    Job,
    failure,
    tested_steps,
)
from benchmarks.leaderboard.examples import MOST, write_examples
from benchmarks.leaderboard.plan import Plan, make_plan, missing_jobs
from benchmarks.leaderboard.provenance import describe_run
from benchmarks.leaderboard.run_folder import RUN_JSON, Record, RunFolder
from benchmarks.leaderboard.tables import write_tables
from mn_dataset.cluster.connection import current
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.atomic import write_json
from mn_dataset.files.lock import locked
from mn_dataset.mix.dataset import read_dataset
from mn_dataset.supervision import Loss, Stage, supervised
from mn_dataset.workers import cores, each

logger = logging.getLogger(__name__)

TIMEOUT_S = 600.0
"""How long an estimate may take, unless a run says otherwise."""

Progress = Callable[[int, int], None]


def bench(
    dataset: str | Path,
    denoisers: Sequence[str],
    run: str | Path,
    *,
    metrics: Sequence[str] | None = None,
    workers: int | None = None,
    device: str = "cpu",
    only_installed: bool = False,
    timeout_s: float = TIMEOUT_S,
    examples: int = 8,
    seed: int = 0,
    command_line: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Score denoisers on a built dataset into a run folder, resuming one of the same settings.

    Args:
        dataset: A built dataset folder.
        denoisers: Registered names of its task, or ``FILE.py:CLASS``; "noisy" is of every task.
        run: The run folder, new or of an earlier call.
        metrics: Names of metrics, or NAME/5 to score one on every fifth mixture; None for the
            default ones that are installed.
        workers: Processes; None for one per core. 0 for none but this: then a denoiser that ends
            its process ends the run, and no time is kept.
        device: Where learned denoisers run.
        only_installed: Leave out, and name, denoisers that are not installed.
        timeout_s: An estimate that takes longer has that as its reason.
        examples: Mixtures whose audio is written, at most 40.
        seed: Seed of the choice of examples.
        command_line: What the user typed, for the record.
        progress: Called with (done, all) mixtures.

    Returns:
        The run folder, with run.json, scores.parquet, mixtures.parquet, timing.parquet, examples.

    Example:
        >>> run = bench("dataset", ["noisy", "wiener"], "run")  # doctest: +SKIP
        >>> sorted(path.name for path in run.glob("*.parquet"))  # doctest: +SKIP
        ['mixtures.parquet', 'scores.parquet', 'timing.parquet']

    Raises:
        UnknownName: for a denoiser or metric that is not registered, before any work.
        MissingExtra: for one that was asked for and is not installed, before any work.
        DatasetError: if the dataset is not one, or the run folder holds another run.
        MnError: if this machine fails the self-test, or a worker process is ended from outside.
    """
    if not 0 <= examples <= MOST:
        raise InputError(f"examples is {examples}; expected 0 to {MOST}")
    if workers is not None and workers < 0:
        raise InputError(f"workers is {workers}; expected at least 0")
    if not timeout_s > 0:
        raise InputError(f"timeout_s is {timeout_s:g}; expected more than 0 seconds")
    run = Path(run)
    plan = make_plan(
        read_dataset(Path(dataset)),
        denoisers,
        metrics=metrics,
        device=device,
        only_installed=only_installed,
    )
    processes = cores() if workers is None else max(1, workers)
    with locked(run, command="mn bench"):
        folder = RunFolder(run, plan.settings())
        earlier = folder.open()
        description: dict[str, Any] = {
            **describe_run(plan, run),
            "seed": seed,
            "workers": workers,
            "command_line": list(command_line or ()),
            "started": earlier.get("started", now()),
            "finished": None,
        }
        kept = earlier.get("examples", [])
        write_json(run / RUN_JSON, description | {"examples": kept})
        cost = Cost(processes)
        _score_missing(plan, folder, cost, workers=workers, timeout_s=timeout_s, progress=progress)
        description["cost"] = cost.summary() if cost.estimates else earlier.get("cost")
        _refuse_unreadable(plan, folder)
        description |= write_tables(plan, folder)
        description["examples"] = write_examples(
            plan, folder, count=examples, seed=seed, earlier=kept, workers=processes
        )
        write_json(run / RUN_JSON, description | {"finished": now()})
    return run


@dataclass
class Cost:
    """What one call of `mn bench` spent, beside what it cannot do without.

    Attributes:
        processes: How many worked at a time.
        denoising_s: Inside denoisers, in seconds.
        library_s: Inside the libraries of metrics (pesq, pystoi), in seconds.
        estimates: How many were scored.
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
        """Return what goes into run.json."""
        wall_s = time.perf_counter() - self._began
        return {
            "estimates": self.estimates,
            "processes": self.processes,
            "wall_s": round(wall_s, 3),
            "denoising_s": round(self.denoising_s, 3),
            "library_s": round(self.library_s, 3),
        }


def cost_text(cost: dict[str, Any]) -> str:
    """Return in a line what a run cost, as run.json holds it.

    >>> seconds = {"wall_s": 6.0, "denoising_s": 2.0, "library_s": 8.0}
    >>> cost_text({"estimates": 8, "processes": 2, **seconds})
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


def _score_missing(
    plan: Plan,
    folder: RunFolder,
    cost: Cost,
    *,
    workers: int | None,
    timeout_s: float,
    progress: Progress | None,
) -> None:
    """Do the missing jobs; every record is in its journal before the next is looked at."""
    left = {job.mixture.id: len(job.entrants) for job in missing_jobs(plan, folder)}
    total = len(plan.dataset.mixtures)
    logger.info(
        "%d of %d estimates are scored already; %d to do",
        total * len(plan.entrants) - sum(left.values()),
        total * len(plan.entrants),
        sum(left.values()),
    )
    if progress:
        progress(total - len(left), total)
    warned: set[tuple[str, str]] = set()
    jobs = missing_jobs(plan, folder) if left else ()
    for entrant, record in _score_all(jobs, workers=workers, timeout_s=timeout_s):
        _append(folder, entrant, record, warned)
        cost.add(record)
        left[record.mixture_id] -= 1
        if not left[record.mixture_id]:
            del left[record.mixture_id]
            if progress:
                progress(total - len(left), total)


def _refuse_unreadable(plan: Plan, folder: RunFolder) -> None:
    """Refuse a dataset of which no mixture could be read: that is no leaderboard of anything."""
    first = ""
    for entrant in plan.entrants:
        for record in folder.journal(entrant.name, entrant.revision).entries():
            if {reason for _, reason in record.scores.values()} != {UNREADABLE}:
                return
            first = first or record.detail
    if first:
        raise DatasetError(
            f"{plan.dataset.root}: no mixture could be read; the first: {first}; "
            f"see what `mn verify {plan.dataset.root}` says"
        )


def _append(
    folder: RunFolder, entrant: Entrant, record: Record, warned: set[tuple[str, str]]
) -> None:
    """Append the record to its journal, and warn of the first failure of each kind."""
    if record.detail:
        kind = entrant.name, next(iter(record.scores.values()))[1]
        if kind not in warned:
            warned.add(kind)
            logger.warning("%s on %s: %s", entrant.name, record.mixture_id, record.detail)
    folder.journal(entrant.name, entrant.revision).append(record)


def _score_all(
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
            yield from _records(job)
        return
    if current() is not None:
        for records in each(_records, ((job,) for job in jobs), workers=workers, ordered=False):
            yield from records
        return
    results = supervised(
        tested_steps, jobs, workers=workers or cores(), timeout_s=timeout_s, rest=_after
    )
    for job, result in results:
        yield _failure(job, result) if isinstance(result, Loss) else result


def _records(job: Job) -> list[tuple[Entrant, Record]]:
    return [step for step in tested_steps(job) if not isinstance(step, Stage)]


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
