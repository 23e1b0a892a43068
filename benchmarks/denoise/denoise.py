"""Go through recordings one by one: skip what is finished, refuse what is damaged, do the rest.

Denoise a person's own recordings: any length, any rate, files and folders.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.denoise.jobs import Found, Job, Wish, check_names, clashing, found, planned
from benchmarks.denoise.journal import Ledger, Making
from benchmarks.denoise.place import sweep, temporaries, written
from benchmarks.denoise.process import Tally, convert
from benchmarks.denoise.spectrogram import check_plots
from benchmarks.denoise.summary import Outcome, State, Summary, refusal
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.backend import check_device
from benchmarks.harness.checks import DenoiserFailed
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra, MnError


def denoise_files(
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
    """Write an estimate of every recording into a folder, and say what became of each.

    An estimate has its recording's rate, channels, length in samples, and, where that is a
    lossless one, container and width; all else becomes WAV. In integers, samples beyond full
    scale are held at it, and counted. Memory does not grow with the length. What stands in the
    folder as the same denoiser, options and recording left it is not done again; a stop at any
    moment leaves whole files, and the same call resumes.

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
        progress: Told the seconds of audio that are done, and all that are known of.

    Raises:
        InputError: before any work: if nothing is named, if an option makes no sense, or if two
            outputs, or an output and a recording, have one name.
        MissingExtra: if an optional package is not installed.
        DenoiserFailed: if the denoiser cannot be loaded.
        OutputError: if the folder cannot be written, or the disk is full.
        KeyboardInterrupt: saying how many recordings are done.
    """
    if not 0 <= strength <= 1:
        raise InputError(f"--strength is {strength:g}; expected 0 (as it was) to 1 (the estimate)")
    if not inputs:
        raise InputError("no recording was named; expected files or folders")
    if out.exists() and not out.is_dir():
        raise InputError(f"--out is {out}, a file; expected a folder")
    check_device(device)
    if spectrogram:
        check_plots()
    applied = load_denoiser(denoiser, device=device, precision=precision, batch_size=batch_size)
    applied.check_alone()
    jobs, refused = _planned(found(inputs, out=out), Wish(residual, spectrogram))
    check_names(jobs, out)
    outcomes = list(refused)
    if jobs:
        with Ledger(out) as ledger:
            run = Run(applied, ledger, out, strength, overwrite, Clock(jobs, progress))
            outcomes += run.all(jobs)
    return Summary(applied.name, applied.revision, applied.precision, device, out, tuple(outcomes))


def _planned(candidates: Sequence[Found], wish: Wish) -> tuple[list[Job], list[Outcome]]:
    jobs, refused = [], []
    for candidate in candidates:
        try:
            if candidate.reason:
                raise InputError(candidate.reason)
            jobs.append(planned(candidate, wish))
        except InputError as error:
            refused.append(refusal(candidate.path, error))
    crowded = clashing(jobs)
    by_path = {candidate.path: candidate for candidate in candidates}
    return [
        planned(by_path[job.path], wish, whole_name=True) if job.path in crowded else job
        for job in jobs
    ], refused


Progress = Callable[[int, int], None]
"""Called with the seconds that are done, and all of them."""


class Clock:
    """Seconds of audio that are done, and all of them as far as their headers tell."""

    def __init__(self, jobs: Sequence[Job], progress: Progress | None) -> None:
        self._progress = progress
        self._done = 0.0
        self._all = sum(job.duration_s or 0.0 for job in jobs)

    def at(self, seconds: float) -> None:
        """Show how far the present recording is."""
        if self._progress:
            done = self._done + seconds
            self._progress(math.floor(done), math.ceil(max(done, self._all)))

    def over(self, seconds: float) -> None:
        """Count the present recording as done."""
        self.at(seconds)
        self._done += seconds


@dataclass(frozen=True)
class Run:
    """Everything that the recordings of one call have in common."""

    denoiser: AppliedDenoiser
    ledger: Ledger
    out: Path
    strength: float
    overwrite: bool
    clock: Clock

    def all(self, jobs: Sequence[Job]) -> Iterator[Outcome]:
        """Yield what becomes of each."""
        sweep({(self.out / name).parent for job in jobs for name in job.outputs})
        finished = 0
        try:
            for job in jobs:
                outcome = self._one(job)
                finished += outcome.state != "refused"
                yield outcome
        except KeyboardInterrupt as error:
            raise KeyboardInterrupt(f"{finished} of {len(jobs)} recordings finished") from error

    def _one(self, job: Job) -> Outcome:
        try:
            making = self._making(job)
            if self.ledger.finished(job.outputs, making, again=self.overwrite):
                self.clock.over(job.duration_s or 0.0)
                return self._outcome(job, "finished", Tally())
        except InputError as error:
            return self._refused(job, error)
        self.denoiser.load()  # weights that cannot be read are no recording's fault
        try:
            return self._outcome(job, "done", self._convert(job, making))
        except MissingExtra:
            raise
        except (InputError, DenoiserFailed) as error:
            return self._refused(job, error)

    def _making(self, job: Job) -> Making:
        try:
            digest = file_sha256(job.path)
        except OSError as error:
            raise InputError(f"{job.path}: cannot be read ({error.strerror})") from error
        return Making(
            digest,
            self.denoiser.spec.name,
            self.denoiser.revision,
            self.denoiser.precision,
            self.strength,
        )

    def _convert(self, job: Job, making: Making) -> Tally:
        with temporaries(self.out, job.outputs) as places:
            tally = convert(
                job,
                self.denoiser,
                places,
                out=self.out,
                strength=self.strength,
                passed=self.clock.at,
            )
            self.ledger.note(making, {name: file_sha256(place) for name, place in places.items()})
            for name, place in places.items():
                with written(self.out / name):
                    place.replace(self.out / name)
        self.clock.over(tally.frames / job.sampling_rate)
        return tally

    def _outcome(self, job: Job, state: State, tally: Tally) -> Outcome:
        return Outcome(
            recording=str(job.path),
            state=state,
            outputs=tuple(str(self.out / name) for name in job.outputs),
            duration_s=tally.frames / job.sampling_rate if tally.frames else job.duration_s,
            form=f"{job.form.container} {job.form.encoding}",
            own_form=job.own_form,
            clipped=tally.clipped,
            residual_clipped=tally.residual_clipped,
        )

    def _refused(self, job: Job, error: MnError) -> Outcome:
        self.clock.over(job.duration_s or 0.0)
        return refusal(job.path, error, duration_s=job.duration_s)
