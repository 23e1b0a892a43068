"""Go through recordings one by one.

What is finished is skipped, what is damaged is refused, and the rest is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.recordings.jobs import (
    Candidate,
    Job,
    Names,
    check_names,
    clashing_recordings,
    find_candidates,
    plan_job,
)
from benchmarks.recordings.journal import OutputJournal, Provenance
from benchmarks.recordings.summary import Outcome, State, Summary, refusal
from benchmarks.recordings.work import Work
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra, MnError
from mn_dataset.files.atomic import replacements, sweep
from mn_dataset.files.lock import locked

Progress = Callable[[int, int], None]
"""Called with the seconds that are done, and all of them."""

Advance = Callable[[float], None]
"""Called with the seconds of a recording that are done."""


@dataclass(frozen=True)
class SampleCounts:
    """How many samples a recording has, and how many of them are not as they would be.

    Attributes:
        frames: Length in samples.
        counts: The others, by the names of the work's remarks.
    """

    frames: int
    counts: Mapping[str, int]


Write = Callable[[Job, Mapping[PurePosixPath, Path], Advance], SampleCounts]
"""Writes the outputs of a recording to the files that are meant for them."""


@dataclass(frozen=True)
class Request:
    """What a command is asked to make.

    Attributes:
        work: What it makes of recordings.
        denoiser: What estimates.
        out: Folder of the outputs.
        names: The outputs of each recording.
        write: Writes them.
        options: What they depend on beside the recording and the denoiser, by name.
        overwrite: Whether outputs of other options, and files of unknown origin, may go.
    """

    work: Work
    denoiser: AppliedDenoiser
    out: Path
    names: Names
    write: Write
    options: Mapping[str, float]
    overwrite: bool


def run(request: Request, inputs: Sequence[Path], *, progress: Progress | None) -> Summary:
    """Write the outputs of every recording, and report on each.

    Args:
        request: What is to be made.
        inputs: Files, and folders whose sub-folders are kept.
        progress: Called with the seconds of audio that are done, and all that are known of.

    Raises:
        InputError: before any work: if two outputs, or an output and a recording, have one name,
            or if another command writes into the folder.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many recordings are done.
    """
    denoiser, out = request.denoiser, request.out
    jobs, outcomes = _plan(find_candidates(inputs, out=out), request)
    check_names(jobs, out)
    if jobs:
        with locked(out, command=request.work.command):
            journal = OutputJournal(out, request.work.task.command)
            outcomes += _Run(request, journal, _AudioClock(jobs, progress)).outcomes(jobs)
    return Summary(
        request.work,
        denoiser.name,
        denoiser.revision,
        denoiser.precision,
        denoiser.device,
        out,
        tuple(outcomes),
    )


def _plan(candidates: Sequence[Candidate], request: Request) -> tuple[list[Job], list[Outcome]]:
    """Return what is to be done, and what is refused before any work."""
    names, out = request.names, request.out
    jobs, refused = [], []
    for candidate in candidates:
        try:
            if candidate.reason:
                raise InputError(candidate.reason)
            jobs.append(plan_job(candidate, names, out=out))
        except InputError as error:
            refused.append(refusal(candidate.path, error))
    clashing = clashing_recordings(jobs)
    by_path = {candidate.path: candidate for candidate in candidates}
    return [
        plan_job(by_path[job.path], names, out=out, whole_name=True)
        if job.path in clashing
        else job
        for job in jobs
    ], refused


class _AudioClock:
    """Seconds of audio that are done, and all of them as far as their headers tell."""

    def __init__(self, jobs: Sequence[Job], progress: Progress | None) -> None:
        self._progress = progress
        self._done = 0.0
        self._total = sum(job.duration_s or 0.0 for job in jobs)

    def show(self, seconds: float) -> None:
        """Show how far the present recording is."""
        if self._progress:
            done = self._done + seconds
            self._progress(math.floor(done), math.ceil(max(done, self._total)))

    def finish(self, seconds: float) -> None:
        """Count the present recording as done."""
        self.show(seconds)
        self._done += seconds


@dataclass(frozen=True)
class _Run:
    """Everything that the recordings of one call have in common."""

    request: Request
    journal: OutputJournal
    clock: _AudioClock

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Yield what becomes of each recording.

        Raises:
            KeyboardInterrupt: saying how many are finished.
        """
        for folder in {(job.out / name).parent for job in jobs for name in job.paths}:
            sweep(folder, deep=False)
        finished = 0
        try:
            for job in jobs:
                outcome = self._outcome(job)
                finished += outcome.state != "refused"
                yield outcome
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(f"{finished} of {len(jobs)} recordings finished") from error

    def _outcome(self, job: Job) -> Outcome:
        overwrite = self.request.overwrite
        try:
            provenance = self._provenance(job)
            if self.journal.finished(job.paths, provenance, overwrite=overwrite):
                self.clock.finish(job.duration_s or 0.0)
                return _success(job, "finished", SampleCounts(0, {}))
        except InputError as error:
            return self._refusal(job, error)
        self.request.denoiser.load()  # weights that cannot be read are no recording's fault
        try:
            return _success(job, "done", self._write(job, provenance))
        except MissingExtra:
            raise
        except (InputError, DenoiserFailed) as error:
            return self._refusal(job, error)

    def _provenance(self, job: Job) -> Provenance:
        try:
            digest = file_sha256(job.path)
        except OSError as error:
            raise InputError(f"{job.path}: cannot be read ({error.strerror})") from error
        denoiser = self.request.denoiser
        return Provenance(
            digest,
            denoiser.spec.name,
            denoiser.revision,
            denoiser.precision,
            self.request.work.version,
            self.request.options,
        )

    def _write(self, job: Job, provenance: Provenance) -> SampleCounts:
        """Write the outputs, note what they are, and only then put them in place."""
        # The next run proves each by its hash, so that nothing waits for the disk.
        with replacements([job.out / name for name in job.paths], durable=False) as temporaries:
            by_name = dict(zip(job.paths, temporaries, strict=True))
            counts = self.request.write(job, by_name, self.clock.show)
            hashes = {name: file_sha256(temporary) for name, temporary in by_name.items()}
            self.journal.note(provenance, hashes)
        self.clock.finish(counts.frames / job.sampling_rate)
        return counts

    def _refusal(self, job: Job, error: MnError) -> Outcome:
        self.clock.finish(job.duration_s or 0.0)
        return refusal(job.path, error, duration_s=job.duration_s)


def _success(job: Job, state: State, counts: SampleCounts) -> Outcome:
    return Outcome(
        recording=str(job.path),
        state=state,
        outputs=tuple(str(job.out / name) for name in job.paths),
        duration_s=counts.frames / job.sampling_rate if counts.frames else job.duration_s,
        form=f"{job.form.container} {job.form.encoding}",
        own_form=job.own_form,
        counts=counts.counts,
    )
