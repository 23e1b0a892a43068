"""Go through recordings one by one: skip what is finished, refuse what is damaged, do the rest."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.harness.guard import DenoiserFailed
from benchmarks.harness.recordings.convert import Tally, convert
from benchmarks.harness.recordings.job import Job
from benchmarks.harness.recordings.ledger import Ledger, Making
from benchmarks.harness.recordings.place import sweep, temporaries, written
from benchmarks.harness.recordings.summary import Outcome, State, refusal
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MissingExtra, MnError

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
