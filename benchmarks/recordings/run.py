"""Go through recordings one by one, or through those of a session at once.

What is finished is skipped, what is damaged is refused, and the rest is done. A session is one
thing: its outputs are all made or none, and a recording that is damaged refuses it whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.recordings.clock import AudioClock, Progress
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


Temporaries = Mapping[PurePosixPath, Path]
"""The files that outputs are written to for now, by their names."""

Write = Callable[[Sequence[Job], Temporaries, Advance], Sequence[SampleCounts]]
"""Writes the outputs of recordings that are done at once, and counts the samples of each."""


def one_by_one(write: Callable[[Job, Temporaries, Advance], SampleCounts]) -> Write:
    """Return what writes the outputs of a recording that is done alone."""
    return lambda jobs, temporaries, advance: [write(job, temporaries, advance) for job in jobs]


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
    options: Mapping[str, float | str]
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
    jobs, outcomes = _plan(find_candidates(inputs, out=request.out), request)
    check_names(jobs, request.out)
    if jobs:
        seconds = sum(job.duration_s or 0.0 for job in jobs)
        with _running(request, AudioClock(seconds, progress)) as runs:
            outcomes += runs.outcomes(jobs)
    return _summary(request, outcomes)


def run_session(
    request: Request, recordings: Sequence[Path], *, progress: Progress | None
) -> Summary:
    """Write the outputs of several recordings that are one thing, all or none, and report on each.

    Args:
        request: What is to be made.
        recordings: Files.
        progress: Called with the seconds that are done of the longest, and all of them.

    Raises:
        InputError: if a recording cannot be read or is damaged, or an output is in the way, and as
            ``run``.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded, raises, exits, or breaks its contract.
        OutputError: if the folder cannot be written, or the disk is full.
    """
    candidates = [_candidate(path) for path in recordings]
    jobs, refused = _plan(candidates, request)
    if refused:
        first, *others = refused
        more = f" ({len(others)} more cannot be read)" if others else ""
        raise InputError(f"{first.recording}: {first.reason}{more}")
    check_names(jobs, request.out)
    seconds = max(job.duration_s or 0.0 for job in jobs)
    with _running(request, AudioClock(seconds, progress)) as runs:
        return _summary(request, runs.together(jobs))


def _candidate(path: Path) -> Candidate:
    return Candidate(path, PurePosixPath(path.name))


def _summary(request: Request, outcomes: Sequence[Outcome]) -> Summary:
    denoiser = request.denoiser
    return Summary(
        request.work,
        denoiser.name,
        denoiser.revision,
        denoiser.precision,
        denoiser.device,
        request.out,
        tuple(outcomes),
    )


@contextmanager
def _running(request: Request, clock: AudioClock) -> Iterator[_Run]:
    """Hold the folder of outputs, and read what is finished in it."""
    with locked(request.out, command=request.work.command):
        yield _Run(request, OutputJournal(request.out, request.work.task.command), clock)


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


@dataclass(frozen=True)
class _Run:
    """Everything that the recordings of one call have in common."""

    request: Request
    journal: OutputJournal
    clock: AudioClock

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Yield what becomes of each recording.

        Raises:
            KeyboardInterrupt: saying how many are finished.
        """
        self._sweep(jobs)
        finished = 0
        try:
            for job in jobs:
                outcome = self._outcome(job)
                finished += outcome.state != "refused"
                yield outcome
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(f"{finished} of {len(jobs)} recordings finished") from error

    def together(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Return what becomes of recordings that are done at once."""
        self._sweep(jobs)
        provenances = self._provenances(jobs)
        if self._finished(jobs, provenances):
            return [_success(job, "finished", SampleCounts(0, {})) for job in jobs]
        self.request.denoiser.load()
        counts = self._write(jobs, provenances)
        return [_success(job, "done", each) for job, each in zip(jobs, counts, strict=True)]

    def _sweep(self, jobs: Sequence[Job]) -> None:
        for folder in {(job.out / name).parent for job in jobs for name in job.paths}:
            sweep(folder, deep=False)

    def _outcome(self, job: Job) -> Outcome:
        try:
            provenances = self._provenances([job])
            if self._finished([job], provenances):
                self.clock.finish(job.duration_s or 0.0)
                return _success(job, "finished", SampleCounts(0, {}))
        except InputError as error:
            return self._refusal(job, error)
        self.request.denoiser.load()  # weights that cannot be read are no recording's fault
        try:
            (counts,) = self._write([job], provenances)
            return _success(job, "done", counts)
        except MissingExtra:
            raise
        except (InputError, DenoiserFailed) as error:
            return self._refusal(job, error)

    def _finished(self, jobs: Sequence[Job], provenances: Sequence[Provenance]) -> bool:
        """Tell whether all outputs of all are there; refuse what is in the way of any."""
        overwrite = self.request.overwrite
        finished = [
            self.journal.finished(job.paths, provenance, overwrite=overwrite)
            for job, provenance in zip(jobs, provenances, strict=True)
        ]
        return all(finished)

    def _provenances(self, jobs: Sequence[Job]) -> list[Provenance]:
        """Return what the outputs of each are made of: of several, all of them in their order."""
        hashes = []
        for job in jobs:
            try:
                hashes.append(file_sha256(job.path))
            except OSError as error:
                raise InputError(f"{job.path}: cannot be read ({error.strerror})") from error
        options = dict(self.request.options)
        if len(jobs) > 1:
            options["session"] = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
        denoiser = self.request.denoiser
        return [
            Provenance(
                digest,
                denoiser.spec.name,
                denoiser.revision,
                denoiser.precision,
                self.request.work.version,
                options,
            )
            for digest in hashes
        ]

    def _write(
        self, jobs: Sequence[Job], provenances: Sequence[Provenance]
    ) -> Sequence[SampleCounts]:
        """Write the outputs, note what they are, and only then put them in place."""
        names = [name for job in jobs for name in job.paths]
        out = self.request.out
        # The next run proves each by its hash, so that nothing waits for the disk.
        with replacements([out / name for name in names], durable=False) as temporaries:
            by_name = dict(zip(names, temporaries, strict=True))
            counts = self.request.write(jobs, by_name, self.clock.show)
            for job, provenance in zip(jobs, provenances, strict=True):
                hashes = {name: file_sha256(by_name[name]) for name in job.paths}
                self.journal.note(provenance, hashes)
        lengths = [each.frames / job.sampling_rate for job, each in zip(jobs, counts, strict=True)]
        self.clock.finish(max(lengths))
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
