"""Run denoisers over a dataset and score their estimates; a second run does what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.harness.environment import now
from benchmarks.leaderboard.dataset import read_dataset
from benchmarks.leaderboard.examples import MOST, write_examples
from benchmarks.leaderboard.plan import Plan, make_plan, merged, missing_jobs
from benchmarks.leaderboard.provenance import describe_run
from benchmarks.leaderboard.results import write_tables
from benchmarks.leaderboard.score import UNREADABLE, Job, score_mixture
from benchmarks.leaderboard.store import RUN_JSON, Record, RunFolder, write_json
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.parallel import each

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]


def bench(
    dataset: Path,
    denoisers: Sequence[str],
    run: Path,
    *,
    metrics: Sequence[str] | None = None,
    workers: int | None = None,
    device: str = "cpu",
    only_installed: bool = False,
    examples: int = 8,
    seed: int = 0,
    command_line: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Path:
    """Score denoisers on a built dataset into a run folder, resuming one of the same settings.

    Args:
        dataset: A built dataset folder of the denoise task.
        denoisers: Registered names, or ``FILE.py:CLASS``.
        run: The run folder, new or of an earlier call.
        metrics: Names of metrics; None for the default ones that are installed.
        workers: Processes; None for one per core, 1 for none but this.
        device: Where learned denoisers run.
        only_installed: Leave out, and name, denoisers that are not installed.
        examples: Mixtures whose audio is written, at most 40.
        seed: Seed of the choice of examples.
        command_line: What the user typed, for the record.
        progress: Called with (done, all) mixtures.

    Returns:
        The run folder, with run.json, scores.parquet, mixtures.parquet, timing.parquet, examples.

    Raises:
        UnknownName: for a denoiser or metric that is not registered, before any work.
        MissingExtra: for one that was asked for and is not installed, before any work.
        DatasetError: if the dataset is not one, or the run folder holds another run.
    """
    if not 0 <= examples <= MOST:
        raise InputError(f"--examples is {examples}; expected 0 to {MOST}")
    if workers is not None and workers < 1:
        raise InputError(f"--workers is {workers}; expected at least 1")
    plan = make_plan(
        read_dataset(dataset),
        denoisers,
        metrics=metrics,
        device=device,
        only_installed=only_installed,
    )
    folder = RunFolder(run, plan.settings())
    earlier = folder.open()
    story: dict[str, Any] = {
        **describe_run(plan, run),
        "seed": seed,
        "workers": workers,
        "command_line": list(command_line or ()),
        "started": earlier.get("started", now()),
        "finished": None,
    }
    kept = earlier.get("examples", [])
    write_json(run / RUN_JSON, story | {"examples": kept})
    _score_missing(plan, folder, workers=workers, progress=progress)
    _refuse_unreadable(plan, folder)
    story["coverage"] = write_tables(plan, folder)
    story["examples"] = write_examples(
        plan, folder, count=examples, seed=seed, earlier=kept, workers=workers
    )
    write_json(run / RUN_JSON, story | {"finished": now()})
    return run


def _score_missing(
    plan: Plan, folder: RunFolder, *, workers: int | None, progress: Progress | None
) -> None:
    """Do the missing jobs; every answer is in the journals before the next is looked at."""
    jobs = list(missing_jobs(plan, folder))
    total = len(plan.dataset.mixtures)
    done = total - len(jobs)
    missing = sum(len(job.entrants) for job in jobs)
    logger.info(
        "%d of %d estimates are scored already; %d to do",
        total * len(plan.entrants) - missing,
        total * len(plan.entrants),
        missing,
    )
    if progress:
        progress(done, total)
    told: set[str] = set()
    for scored in each(_scored, ((job,) for job in jobs), workers=workers, ordered=False):
        _write_down(folder, scored, told)
        done += 1
        if progress:
            progress(done, total)


def _refuse_unreadable(plan: Plan, folder: RunFolder) -> None:
    """Refuse a dataset of which no mixture could be read: that is no leaderboard of anything."""
    records = [record for entrant in plan.entrants for record in merged(folder, entrant).values()]
    unreadable = [
        record
        for record in records
        if {reason for _, reason in record.scores.values()} == {UNREADABLE}
    ]
    if records and len(unreadable) == len(records):
        raise DatasetError(
            f"{plan.dataset.root}: no mixture could be read; the first: {unreadable[0].detail}; "
            f"see what `mn verify {plan.dataset.root}` says"
        )


def _scored(job: Job) -> tuple[Job, list[Record]]:
    return job, score_mixture(job)


def _write_down(folder: RunFolder, scored: tuple[Job, list[Record]], told: set[str]) -> None:
    """Append the records to the journals, and warn of the first failure of each denoiser."""
    job, records = scored
    for entrant, record in zip(job.entrants, records, strict=True):
        if record.detail and entrant.name not in told:
            told.add(entrant.name)
            logger.warning("%s on %s: %s", entrant.name, record.mixture_id, record.detail)
        folder.journal(entrant.name, entrant.revision).append(record)
