"""Score the denoisers on one mixture: the piece of work that a process does."""

from __future__ import annotations

import math
import os
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.contract import Batch, Score
from benchmarks.harness.alignment import Alignment, LagAndGain
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.leaderboard.run_folder import Record
from benchmarks.metrics.reference import Session, Tracks
from benchmarks.metrics.suite import Scorer, self_test
from mn_dataset.errors import AudioError
from mn_dataset.mix.dataset import MixtureRow, read_audio
from mn_dataset.supervision import Stage
from mn_dataset.tasks import registry as tasks
from mn_dataset.tasks.spec import Audio, TaskSpec

UNREADABLE = "unreadable_audio"
"""The reason of scores whose audio is missing or not what the manifest says; tried again."""

DENOISING, SCORING = "denoising", "scoring"


@dataclass(frozen=True)
class Entrant:
    """A denoiser at its revision, and what is wanted of it.

    Attributes:
        request: What it was asked for by: its registered name, or FILE.py:CLASS.
        name: Its name in tables.
        revision: Its revision.
        metrics: Names of the metrics to compute.
        measure_memory: Whether to measure the memory of the call too.
    """

    request: str
    name: str
    revision: str
    metrics: tuple[str, ...] = ()
    measure_memory: bool = False


@dataclass(frozen=True)
class Job:
    """One mixture, and the denoisers that are still to be scored on it.

    Attributes:
        root: The dataset folder.
        task: What its mixtures are for.
        mixture: The mixture.
        entrants: The denoisers.
        versions: Version of every metric, by name.
        device: Where learned denoisers run.
    """

    root: Path
    task: TaskSpec
    mixture: MixtureRow
    entrants: tuple[Entrant, ...]
    versions: dict[str, int]
    device: str


@dataclass
class Loaded:
    """A denoiser that stays loaded in its process.

    Attributes:
        denoiser: The denoiser.
        warm: Whether it was called before.
    """

    denoiser: AppliedDenoiser
    warm: bool = False


def score_mixture(job: Job) -> list[Record]:
    """Estimate and score one mixture, one record per denoiser, in the order of the job."""
    return [step[1] for step in scoring_steps(job) if not isinstance(step, Stage)]


def tested_steps(job: Job) -> Iterator[tuple[Entrant, Record] | Stage]:
    """Yield what ``scoring_steps`` does, in a process that has passed the self-test.

    Raises:
        MnError: if this machine fails it.
    """
    _test_once()
    yield from scoring_steps(job)


@cache
def _test_once() -> None:
    self_test()


def scoring_steps(job: Job) -> Iterator[tuple[Entrant, Record] | Stage]:
    """Yield the record of each denoiser, and before it the stages ``DENOISING`` and ``SCORING``.

    The name of a stage is the denoiser and which of the two it is.
    """
    tasks.add(job.task)
    try:
        audio = read_audio(job.root, job.mixture)
    except AudioError as error:
        for entrant in job.entrants:
            yield entrant, failure(job, entrant, UNREADABLE, str(error))
        return
    references = References(job.task, audio, job.mixture.sampling_rate)
    for entrant in job.entrants:
        yield Stage((entrant, DENOISING))
        estimates = _estimate(job, entrant, references)
        yield Stage((entrant, SCORING))
        if isinstance(estimates, Record):
            record = estimates
        else:
            record = _scored(job, entrant, estimates, references)
        yield entrant, record


@dataclass
class References:
    """What the estimates of one mixture are made of and held against.

    Attributes:
        task: What they are for.
        audio: The mixture's.
        sampling_rate: In Hz.
    """

    task: TaskSpec
    audio: Audio
    sampling_rate: int
    _scorers: dict[tuple[str, tuple[str, ...]], Scorer] = field(default_factory=dict)

    @cached_property
    def batch(self) -> Batch:
        """What a denoiser is handed: a batch of one."""
        return self.task.stack_inputs(self.audio.inputs)[np.newaxis]

    @cached_property
    def unchanged(self) -> dict[str, Batch]:
        """What the row that does nothing estimates of each target, (channels, time)."""
        return self.by_target(self.task.unchanged(self.batch, len(self.audio.targets)))

    @cached_property
    def alignments(self) -> dict[str, Alignment]:
        """What measures lag and level of the estimates of each target."""
        return {name: Alignment(target) for name, target in self.audio.targets.items()}

    @cached_property
    def sessions(self) -> list[Session]:
        """Microphones and targets per channel; none where a target has no input of its own."""
        inputs, targets = self.audio.inputs, self.audio.targets
        if not self.task.input_axis or len(inputs) != len(targets):
            return []
        return [
            Session(microphones, aimed, 0)
            for microphones, aimed in zip(tracks(inputs), tracks(targets), strict=True)
        ]

    def by_target(self, estimates: Batch) -> dict[str, Batch]:
        """Return the estimate of a batch of one by target, (channels, time)."""
        return self.task.split_targets(estimates[0], list(self.audio.targets))

    def scorer(self, target: str, metrics: tuple[str, ...]) -> Scorer:
        """Return what scores estimates of a target; it keeps what all of them share."""
        if (target, metrics) not in self._scorers:
            number = list(self.audio.targets).index(target)
            self._scorers[target, metrics] = Scorer(
                self.audio.targets[target],
                self.sampling_rate,
                noisy=self.unchanged[target],
                metrics=metrics,
                sessions=[replace(session, number=number) for session in self.sessions],
            )
        return self._scorers[target, metrics]

    def side(self, needs: frozenset[str]) -> dict[str, Batch]:
        """Return the side information that a denoiser needs, as batches of one.

        Raises:
            KeyError: naming what the task does not have.
        """
        waves = self.task.side(self.task, self.audio, self.sampling_rate)
        return {name: waves[name][np.newaxis] for name in sorted(needs)}


def tracks(waves: Mapping[str, Batch]) -> list[Tracks]:
    """Return the signals of every channel, of waves of shape (channels, time)."""
    return [Tracks(signals) for signals in zip(*waves.values(), strict=True)]


def estimate(denoiser: AppliedDenoiser, references: References) -> dict[str, Batch]:
    """Apply a denoiser to a mixture; the one of another task is the row that does nothing.

    Returns:
        Its estimates by target, float32 (channels, time).

    Raises:
        DenoiserFailed: if the denoiser raises or breaks its contract, or needs side information
            that the task does not have.
    """
    if denoiser.spec.task != references.task.name:
        return references.unchanged
    try:
        side = references.side(denoiser.spec.needs)
    except KeyError as error:
        reason = f"needs {error}, which the task {references.task.name!r} does not have"
        raise DenoiserFailed(denoiser.name, reason) from error
    batch = denoiser(
        references.batch,
        references.sampling_rate,
        side=side,
        num_targets=len(references.audio.targets),
    )
    return references.by_target(batch)


@cache
def loaded(request: str, revision: str, device: str) -> Loaded:
    """Load a denoiser once per process and revision.

    Raises:
        DenoiserFailed: if it cannot be loaded, or is no longer of that revision.
    """
    denoiser = load_denoiser(request, device=device)
    if denoiser.revision != revision:
        raise DenoiserFailed(request, f"changed to {denoiser.revision} while {revision} was run")
    return Loaded(denoiser)


@dataclass(frozen=True)
class _Estimates:
    """The estimates of one mixture by target, and what they cost."""

    by_target: dict[str, Batch]
    seconds: float
    calls_seconds: float
    peak_memory_mb: float | None


def _estimate(job: Job, entrant: Entrant, references: References) -> _Estimates | Record:
    """Return the estimates, or the record of a failure."""
    memory = None
    called = time.perf_counter()
    try:
        denoiser = loaded(entrant.request, entrant.revision, job.device)
        if not denoiser.warm:  # the first call pays for loading, which is no real-time factor
            estimate(denoiser.denoiser, references)
            denoiser.warm = True
        began = cost_s(job.device)
        outputs = estimate(denoiser.denoiser, references)
        seconds = cost_s(job.device) - began
        if entrant.measure_memory:
            memory = _peak_memory_mb(denoiser.denoiser, references)
    except DenoiserFailed as error:
        return failure(job, entrant, error.kind, str(error))
    return _Estimates(outputs, seconds, time.perf_counter() - called, memory)


def _scored(job: Job, entrant: Entrant, estimates: _Estimates, references: References) -> Record:
    scores: dict[str, tuple[float | None, str]] = {}
    aligned: list[LagAndGain] = []
    library_s = 0.0
    keys = score_targets(job.task, job.mixture)
    among = tracks(estimates.by_target) if references.sessions else []
    for target, key in zip(references.audio.targets, keys, strict=True):
        scorer = references.scorer(target, entrant.metrics)
        before_s = scorer.library_s
        target_scores = scorer.score(estimates.by_target[target], estimates=among)
        for name in entrant.metrics:
            scores[score_key(name, job.versions[name], key)] = _plain(target_scores[name])
        if estimates.by_target is not references.unchanged:  # whose lag is no denoiser's doing
            aligned.append(references.alignments[target].of(estimates.by_target[target]))
        library_s += scorer.library_s - before_s
    lags = [item.lag for item in aligned if item.lag is not None]
    return Record(
        mixture_id=job.mixture.id,
        scores=scores,
        seconds=estimates.seconds,
        peak_memory_mb=estimates.peak_memory_mb,
        calls_seconds=estimates.calls_seconds,
        library_seconds=library_s,
        lag=median(lags) if lags else None,
        gain=median(item.gain for item in aligned) if aligned else None,
    )


def score_key(metric: str, version: int, target: str | None) -> str:
    """Return what a score is called in a journal.

    >>> score_key("si_sdr", 1, None), score_key("si_sdr", 1, "voice")
    ('si_sdr@1', 'si_sdr@1/voice')
    """
    return f"{metric}@{version}" + ("" if target is None else f"/{target}")


def score_targets(task: TaskSpec, mixture: MixtureRow) -> tuple[str | None, ...]:
    """Return what the keys of a mixture's scores name: its targets, None where there is no axis."""
    if not task.target_axis:
        return (None,)
    return tuple(target.name for target in mixture.targets)


def cost_s(device: str) -> float:
    """Return a clock of what an estimate costs: differences of it are seconds.

    On the processor it is the time of all threads and of the programs that were started, which
    other work on the machine hardly changes; beside an accelerator it is the time that passes.
    """
    if device != "cpu":
        return time.perf_counter()
    programs = os.times()
    return time.process_time() + programs.children_user + programs.children_system


def _peak_memory_mb(denoiser: AppliedDenoiser, references: References) -> float:
    """Call once more under the tracer; numpy reports its arrays to it."""
    tracemalloc.start()
    try:
        estimate(denoiser, references)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def failure(job: Job, entrant: Entrant, reason: str, detail: str) -> Record:
    """Return the record of a denoiser that has no estimate of a mixture."""
    undefined: tuple[float | None, str] = (None, reason)
    scores = {
        score_key(name, job.versions[name], target): undefined
        for target in score_targets(job.task, job.mixture)
        for name in entrant.metrics
    }
    return Record(mixture_id=job.mixture.id, scores=scores, detail=detail)


def _plain(score: Score) -> tuple[float | None, str]:
    return (float(score.value) if math.isfinite(score.value) else None), score.reason
