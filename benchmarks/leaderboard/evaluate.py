"""Score the denoisers on one mixture: the piece of work that a process does."""

from __future__ import annotations

import math
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks.contract import Batch, Score
from benchmarks.harness.alignment import Alignment
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.checks import DenoiserFailed
from benchmarks.leaderboard.dataset import Audio, Mixture, read_audio
from benchmarks.leaderboard.run_folder import Record
from benchmarks.metrics.suite import Scorer
from mn_dataset.errors import AudioError
from mn_dataset.workers import Stage

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
        mixture: The mixture.
        entrants: The denoisers.
        versions: Version of every metric, by name.
        device: Where learned denoisers run.
    """

    root: Path
    mixture: Mixture
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


def scoring_steps(job: Job) -> Iterator[tuple[Entrant, Record] | Stage]:
    """Yield the record of each denoiser, and before it the stages ``DENOISING`` and ``SCORING``.

    The name of a stage is the denoiser and which of the two it is.
    """
    try:
        audio = read_audio(job.root, job.mixture)
    except AudioError as error:
        for entrant in job.entrants:
            yield entrant, failure(job, entrant, UNREADABLE, str(error))
        return
    scorers: dict[tuple[str, ...], Scorer] = {}
    alignment = Alignment(audio.clean)
    for entrant in job.entrants:
        if entrant.metrics not in scorers:
            scorers[entrant.metrics] = Scorer(
                audio.clean, job.mixture.sampling_rate, noisy=audio.noisy, metrics=entrant.metrics
            )
        yield Stage((entrant, DENOISING))
        made = _estimate(job, entrant, audio)
        yield Stage((entrant, SCORING))
        if not isinstance(made, Record):
            made = _scored(job, entrant, made, scorers[entrant.metrics], alignment)
        yield entrant, made


def side_information(
    audio: Audio, needs: frozenset[str], *, sampling_rate: int
) -> dict[str, Batch]:
    """Return what a denoiser needs to be told, as batches of one.

    >>> audio = Audio(*(np.zeros((1, 8), np.float32) for _ in range(3)))
    >>> {name: item.shape for name, item in
    ...     side_information(audio, frozenset({"noise_profile"}), sampling_rate=4).items()}
    {'noise_profile': (1, 1, 4)}
    """
    told = {
        "clean": audio.clean,
        "noise": audio.noise,
        "noise_profile": audio.noise[:, :sampling_rate],
        "mixture": audio.noisy,
    }
    return {name: told[name][np.newaxis] for name in sorted(needs)}


def estimate(denoiser: AppliedDenoiser, audio: Audio, *, sampling_rate: int) -> Batch:
    """Apply a denoiser to a mixture, float32 (channels, time).

    Raises:
        DenoiserFailed: if the denoiser raises or breaks its contract.
    """
    side = side_information(audio, denoiser.spec.needs, sampling_rate=sampling_rate)
    batch = denoiser(audio.noisy[np.newaxis], sampling_rate, side=side)
    return batch[0, :, :]


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
class _Made:
    """An estimate, and what it cost."""

    output: Batch
    seconds: float
    calls_seconds: float
    peak_memory_mb: float | None


def _estimate(job: Job, entrant: Entrant, audio: Audio) -> _Made | Record:
    """Return the estimate, or the record of a failure."""
    rate = job.mixture.sampling_rate
    memory = None
    called = time.perf_counter()
    try:
        denoiser = loaded(entrant.request, entrant.revision, job.device)
        if not denoiser.warm:  # the first call pays for loading, which is no real-time factor
            estimate(denoiser.denoiser, audio, sampling_rate=rate)
            denoiser.warm = True
        began = time.perf_counter()
        output = estimate(denoiser.denoiser, audio, sampling_rate=rate)
        seconds = time.perf_counter() - began
        if entrant.measure_memory:
            memory = _peak_memory_mb(denoiser.denoiser, audio, sampling_rate=rate)
    except DenoiserFailed as error:
        return failure(job, entrant, error.kind, str(error))
    return _Made(output, seconds, time.perf_counter() - called, memory)


def _scored(
    job: Job, entrant: Entrant, made: _Made, scorer: Scorer, alignment: Alignment
) -> Record:
    before_s = scorer.elsewhere_s
    scores = scorer.score(made.output)
    found = alignment.of(made.output)
    return Record(
        mixture_id=job.mixture.id,
        scores={f"{name}@{job.versions[name]}": _plain(scores[name]) for name in entrant.metrics},
        seconds=made.seconds,
        peak_memory_mb=made.peak_memory_mb,
        calls_seconds=made.calls_seconds,
        library_seconds=scorer.elsewhere_s - before_s,
        lag=found.lag,
        gain=found.gain,
    )


def _peak_memory_mb(denoiser: AppliedDenoiser, audio: Audio, *, sampling_rate: int) -> float:
    """Call once more under the tracer; numpy reports its arrays to it."""
    tracemalloc.start()
    try:
        estimate(denoiser, audio, sampling_rate=sampling_rate)
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def failure(job: Job, entrant: Entrant, reason: str, detail: str) -> Record:
    """Return the record of a denoiser that has no estimate of a mixture."""
    undefined: tuple[float | None, str] = (None, reason)
    scores = {f"{name}@{job.versions[name]}": undefined for name in entrant.metrics}
    return Record(mixture_id=job.mixture.id, scores=scores, detail=detail)


def _plain(score: Score) -> tuple[float | None, str]:
    return (float(score.value) if math.isfinite(score.value) else None), score.reason
