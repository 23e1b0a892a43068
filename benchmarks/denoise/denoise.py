"""Denoise a person's own recordings: any length, any rate, files and folders.

Recordings are gone through one by one: what is finished is skipped, what is damaged is refused, and
the rest is done.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.denoise.jobs import (
    Candidate,
    Extras,
    Job,
    check_names,
    clashing_recordings,
    find_candidates,
    plan_job,
)
from benchmarks.denoise.journal import OutputJournal, Provenance
from benchmarks.denoise.process import SampleCounts, process
from benchmarks.denoise.summary import Outcome, State, Summary, refusal
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.backend import check_device
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.signal.spectrogram import check_plots
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra, MnError
from mn_dataset.files.atomic import replacements, sweep
from mn_dataset.files.lock import locked

Progress = Callable[[int, int], None]
"""Called with the seconds that are done, and all of them."""


def denoise(
    inputs: Sequence[Path],
    *,
    denoiser: str,
    out: Path,
    strength: float = 1.0,
    residual: bool = False,
    spectrogram: bool = False,
    overwrite: bool = False,
    device: str = "cpu",
    precision: str = "float32",
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Write an estimate of every recording into a folder, and report on each.

    An estimate has its recording's rate, channels, length in samples, and, where that is a
    lossless one, container and width; all else becomes WAV. In integers, samples beyond full
    scale are held at it, and counted. Memory does not grow with the length. An output that the same
    denoiser, options and recording left in the folder is not made again; a stop at any moment
    leaves whole files, and the same call resumes.

    Args:
        inputs: Files, and folders whose sub-folders are kept.
        denoiser: NAME, NAME@WEIGHTS or FILE.py:CLASS; one that needs only the recording.
        out: Folder of the outputs.
        strength: 0 leaves a recording as it is, 1 takes the estimate.
        residual: Also write what was removed, as ``NAME.residual``.
        spectrogram: Also draw before and after, as ``NAME.spectrogram.png``.
        overwrite: Replace outputs of other options, and files of unknown origin.
        device: "cpu", "cuda" or "cuda:N".
        precision: "float32", "bfloat16" (faster on some devices; estimates differ by about
            -35 dB), or "auto" for the faster one.
        batch_size: Pieces that are handed to the denoiser in one call.
        progress: Called with the seconds of audio that are done, and all that are known of.

    Returns:
        What became of each recording.

    Raises:
        InputError: before any work: if nothing is named, if an option makes no sense, if two
            outputs, or an output and a recording, have one name, or if another command writes into
            the folder.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many recordings are done.

    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from mn_dataset.audio.io import write_wav
    >>> with TemporaryDirectory() as folder:
    ...     tape = Path(folder, "tape.wav")
    ...     write_wav(tape, np.zeros(22_050, np.int16), sampling_rate=44_100)
    ...     summary = denoise([tape], denoiser="wiener", out=Path(folder, "clean"))
    >>> [(outcome.state, outcome.duration_s) for outcome in summary.outcomes]
    [('done', 0.5)]
    """
    if not 0 <= strength <= 1:
        raise InputError(f"strength is {strength:g}; expected 0 (as it was) to 1 (the estimate)")
    if not inputs:
        raise InputError("no recording was named; expected files or folders")
    if out.exists() and not out.is_dir():
        raise InputError(f"out is {out}, a file; expected a folder")
    check_device(device)
    if spectrogram:
        check_plots()
    applied = load_denoiser(denoiser, device=device, precision=precision, batch_size=batch_size)
    applied.check_alone()
    jobs, outcomes = _plan(find_candidates(inputs, out=out), Extras(residual, spectrogram))
    check_names(jobs, out)
    if jobs:
        with locked(out, command="mn denoise"):
            clock = AudioClock(jobs, progress)
            run = DenoiseRun(applied, OutputJournal(out), out, strength, overwrite, clock)
            outcomes += run.outcomes(jobs)
    return Summary(applied.name, applied.revision, applied.precision, device, out, tuple(outcomes))


def _plan(candidates: Sequence[Candidate], extras: Extras) -> tuple[list[Job], list[Outcome]]:
    """Return what is to be done, and what is refused before any work."""
    jobs, refused = [], []
    for candidate in candidates:
        try:
            if candidate.reason:
                raise InputError(candidate.reason)
            jobs.append(plan_job(candidate, extras))
        except InputError as error:
            refused.append(refusal(candidate.path, error))
    clashing = clashing_recordings(jobs)
    by_path = {candidate.path: candidate for candidate in candidates}
    return [
        plan_job(by_path[job.path], extras, whole_name=True) if job.path in clashing else job
        for job in jobs
    ], refused


class AudioClock:
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
class DenoiseRun:
    """Everything that the recordings of one call have in common."""

    denoiser: AppliedDenoiser
    journal: OutputJournal
    out: Path
    strength: float
    overwrite: bool
    clock: AudioClock

    def outcomes(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Yield what becomes of each recording.

        Raises:
            KeyboardInterrupt: saying how many are finished.
        """
        for folder in {(self.out / name).parent for job in jobs for name in job.outputs}:
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
        try:
            provenance = self._provenance(job)
            if self.journal.finished(job.outputs, provenance, overwrite=self.overwrite):
                self.clock.finish(job.duration_s or 0.0)
                return self._success(job, "finished", SampleCounts())
        except InputError as error:
            return self._refusal(job, error)
        self.denoiser.load()  # weights that cannot be read are no recording's fault
        try:
            return self._success(job, "done", self._write(job, provenance))
        except MissingExtra:
            raise
        except (InputError, DenoiserFailed) as error:
            return self._refusal(job, error)

    def _provenance(self, job: Job) -> Provenance:
        try:
            digest = file_sha256(job.path)
        except OSError as error:
            raise InputError(f"{job.path}: cannot be read ({error.strerror})") from error
        return Provenance(
            digest,
            self.denoiser.spec.name,
            self.denoiser.revision,
            self.denoiser.precision,
            self.strength,
        )

    def _write(self, job: Job, provenance: Provenance) -> SampleCounts:
        """Write the outputs, note what they are, and only then put them in place."""
        paths = [self.out / name for name in job.outputs]
        # The next run proves each by its hash, so that nothing waits for the disk.
        with replacements(paths, durable=False) as temporaries:
            by_name = dict(zip(job.outputs, temporaries, strict=True))
            counts = process(
                job,
                self.denoiser,
                by_name,
                out=self.out,
                strength=self.strength,
                advance=self.clock.show,
            )
            hashes = {name: file_sha256(temporary) for name, temporary in by_name.items()}
            self.journal.note(provenance, hashes)
        self.clock.finish(counts.frames / job.sampling_rate)
        return counts

    def _success(self, job: Job, state: State, counts: SampleCounts) -> Outcome:
        return Outcome(
            recording=str(job.path),
            state=state,
            outputs=tuple(str(self.out / name) for name in job.outputs),
            duration_s=counts.frames / job.sampling_rate if counts.frames else job.duration_s,
            form=f"{job.form.container} {job.form.encoding}",
            own_form=job.own_form,
            clipped=counts.clipped,
            residual_clipped=counts.residual_clipped,
        )

    def _refusal(self, job: Job, error: MnError) -> Outcome:
        self.clock.finish(job.duration_s or 0.0)
        return refusal(job.path, error, duration_s=job.duration_s)
