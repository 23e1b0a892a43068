"""Denoise one recording from its first sample to its last, in bounded memory.

Turn a recording and its estimate into the samples that are written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch
from benchmarks.denoise.jobs import Job
from benchmarks.denoise.spectrogram import Spectrogram, draw
from benchmarks.harness.apply import AppliedDenoiser
from mn_dataset.audio import io
from mn_dataset.audio.writer import Form, sink
from mn_dataset.errors import AudioError

Samples = NDArray[np.float64]
"""Shape (time, channels), full scale 1."""


@dataclass(frozen=True)
class Mixed:
    """Samples in the type that a sink takes, shape (time, channels).

    Attributes:
        estimate: What is kept.
        residual: What was removed; in integers, exactly the recording less the estimate.
        clipped: Samples of the estimate that were beyond full scale, and are held at it.
        residual_clipped: The same of the residual.
    """

    estimate: NDArray[Any]
    residual: NDArray[Any]
    clipped: int = 0
    residual_clipped: int = 0


def mixed(noisy: Samples, estimate: Samples, *, strength: float, form: Form) -> Mixed:
    """Go from the recording towards the estimate, and round to the form.

    Nothing is dithered, and nothing wraps. Floating point has no full scale to be held at.

    Args:
        noisy: The recording.
        estimate: What the denoiser made of it.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        form: How samples are written.

    >>> noisy = np.array([[0.5], [-0.5]])
    >>> made = mixed(noisy, 3 * noisy, strength=1.0, form=Form("WAV", "PCM_16"))
    >>> (made.estimate >> 16).ravel().tolist(), (made.residual >> 16).ravel().tolist()
    ([32767, -32768], [-16383, 16384])
    >>> made.clipped
    2
    """
    wanted = noisy + strength * (estimate - noisy)
    if form.bits is None:
        kept = wanted.astype(form.dtype)
        return Mixed(kept, (noisy - kept).astype(form.dtype))
    scale = 2.0 ** (form.bits - 1)
    kept, clipped = _held(np.rint(wanted * scale), scale)
    removed, residual_clipped = _held(np.rint(noisy * scale) - kept, scale)
    return Mixed(_lifted(kept, form), _lifted(removed, form), clipped, residual_clipped)


def _held(samples: Samples, scale: float) -> tuple[Samples, int]:
    held = np.clip(samples, -scale, scale - 1)
    return held, int(np.count_nonzero(held != samples))


def _lifted(samples: Samples, form: Form) -> NDArray[np.int32]:
    return (samples * 2.0 ** (32 - (form.bits or 32))).astype(np.int32)


_AT_ONCE = 2**16


@dataclass
class Tally:
    """What was seen on the way.

    Attributes:
        frames: Length in samples.
        clipped: Samples of the estimate that are held at full scale.
        residual_clipped: The same of the residual.
    """

    frames: int = 0
    clipped: int = 0
    residual_clipped: int = 0


def convert(
    job: Job,
    denoiser: AppliedDenoiser,
    places: Mapping[PurePosixPath, Path],
    *,
    out: Path,
    strength: float,
    passed: Callable[[float], None],
) -> Tally:
    """Write a recording's outputs.

    Args:
        job: The recording, and the names of its outputs.
        denoiser: What estimates.
        places: Where each output is written for now.
        out: The folder that the names are below.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        passed: Told how many seconds are done.

    Raises:
        AudioError: if the recording is damaged, or holds NaN or infinity.
        DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        OutputError: if an output cannot be written.
    """
    tally = Tally()
    before, after = Spectrogram(job.sampling_rate), Spectrogram(job.sampling_rate)
    with io.stream(job.path) as audio, _sinks(job, places, out) as write:
        for noisy, estimate in _side_by_side(job, audio, denoiser):
            made = mixed(noisy, estimate, strength=strength, form=job.form)
            write(made)
            if job.spectrogram is not None:
                before.add(noisy)
                after.add(_floats(made.estimate))
            tally.frames += len(noisy)
            tally.clipped += made.clipped
            tally.residual_clipped += made.residual_clipped if job.residual else 0
            passed(tally.frames / job.sampling_rate)
    if job.spectrogram is not None:
        draw(
            places[job.spectrogram],
            before.power(),
            after.power(),
            duration_s=tally.frames / job.sampling_rate,
            sampling_rate=job.sampling_rate,
            meant_for=out / job.spectrogram,
        )
    return tally


@contextmanager
def _sinks(
    job: Job, places: Mapping[PurePosixPath, Path], out: Path
) -> Iterator[Callable[[Mixed], None]]:
    """Open the files of samples; yield what writes to them."""
    with ExitStack() as stack:

        def opened(name: PurePosixPath) -> Callable[[NDArray[Any]], None]:
            rate, channels, final = job.sampling_rate, job.channels, out / name
            file = sink(
                places[name], job.form, sampling_rate=rate, channels=channels, meant_for=final
            )
            return stack.enter_context(file)

        estimate = opened(job.estimate)
        residual = opened(job.residual) if job.residual is not None else None

        def write(made: Mixed) -> None:
            estimate(made.estimate)
            if residual is not None:
                residual(made.residual)

        yield write


def _side_by_side(
    job: Job, audio: io.Stream, denoiser: AppliedDenoiser
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the recording and its estimate, each (time, channels), a second or so at a time."""
    remembered = Remembered(audio.blocks)
    heard = _heard(job, audio, remembered)
    for block in denoiser.stream(heard, audio.sampling_rate, channels=audio.channels):
        for first in range(0, block.shape[-1], _AT_ONCE):
            estimate = block[:, first : first + _AT_ONCE].T.astype(np.float64)
            noisy = np.multiply(remembered.take(len(estimate)), audio.scale, dtype=np.float64)
            yield noisy, estimate


def _heard(job: Job, audio: io.Stream, blocks: Remembered) -> Iterator[Batch]:
    """Yield what the denoiser is given: float32 (channels, time)."""
    frames = 0
    for block in blocks:
        with np.errstate(over="ignore"):
            samples = np.ascontiguousarray((block * audio.scale).T, dtype=np.float32)
        broken = np.flatnonzero(~np.isfinite(samples).all(axis=0))
        if len(broken):
            place_s = (frames + broken[0]) / audio.sampling_rate
            raise AudioError(
                f"{job.path}: holds NaN or infinity at {place_s:.3f} s; export it again"
            )
        frames += len(block)
        yield samples


def _floats(samples: NDArray[Any]) -> NDArray[np.float64]:
    scale = 2.0**-31 if samples.dtype == np.int32 else 1.0
    floats: NDArray[np.float64] = np.multiply(samples, scale, dtype=np.float64)
    return floats


class Remembered:
    """Blocks (time, channels) that are kept as they pass until they are asked for."""

    def __init__(self, blocks: Iterable[NDArray[Any]]) -> None:
        self._blocks = blocks
        self._kept: deque[NDArray[Any]] = deque()

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Pass copies of the blocks on."""
        for block in self._blocks:
            own = block.copy()
            self._kept.append(own)
            yield own

    def take(self, count: int) -> NDArray[Any]:
        """Return the next samples, at least one and no more than have passed, and forget them.

        Returns:
            Shape (count, channels).
        """
        parts = []
        while count:
            block = self._kept.popleft()
            if len(block) > count:
                self._kept.appendleft(block[count:])
            parts.append(block[:count])
            count -= len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
