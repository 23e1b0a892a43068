"""Denoise one recording from its first sample to its last, in bounded memory.

The recording and its estimate become the samples that are written: blended, rounded once, held at
full scale.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch
from benchmarks.denoise.jobs import Job
from benchmarks.harness.apply import AppliedDenoiser
from benchmarks.signal.chunks import BlockBuffer
from benchmarks.signal.spectrogram import Spectrogram, draw_before_and_after
from mn_dataset.audio import io
from mn_dataset.audio.writer import Form, sink
from mn_dataset.errors import AudioError
from mn_dataset.files.atomic import writing

Samples = NDArray[np.float64]
"""Shape (time, channels), full scale 1."""

_BLOCK = 2**16  # samples that are blended at a time


@dataclass(frozen=True)
class Blend:
    """Samples in the type that a sink takes, shape (time, channels).

    Attributes:
        estimate: What the recording becomes.
        residual: What was removed; in integers, exactly the recording less the estimate.
        clipped: Samples of the estimate that were beyond full scale, and are held at it.
        residual_clipped: The same of the residual.
    """

    estimate: NDArray[Any]
    residual: NDArray[Any]
    clipped: int = 0
    residual_clipped: int = 0


def blend(noisy: Samples, estimate: Samples, *, strength: float, form: Form) -> Blend:
    """Go from the recording towards the estimate, and round to the form.

    Nothing is dithered, and nothing wraps. Floating point has no full scale to be held at.

    Args:
        noisy: The recording.
        estimate: The denoiser's.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        form: How samples are written.

    >>> noisy = np.array([[0.5], [-0.5]])
    >>> blended = blend(noisy, 3 * noisy, strength=1.0, form=Form("WAV", "PCM_16"))
    >>> (blended.estimate >> 16).ravel().tolist(), (blended.residual >> 16).ravel().tolist()
    ([32767, -32768], [-16383, 16384])
    >>> blended.clipped
    2
    """
    exact = noisy + strength * (estimate - noisy)
    if form.bits is None:
        rounded = exact.astype(form.dtype)
        return Blend(rounded, (noisy - rounded).astype(form.dtype))
    scale = 2.0 ** (form.bits - 1)
    rounded, clipped = _clipped(np.rint(exact * scale), scale)
    residual, residual_clipped = _clipped(np.rint(noisy * scale) - rounded, scale)
    return Blend(
        _in_upper_bits(rounded, form), _in_upper_bits(residual, form), clipped, residual_clipped
    )


def _clipped(samples: Samples, scale: float) -> tuple[Samples, int]:
    """Hold whole samples at full scale, and count those that were beyond it."""
    clipped = np.clip(samples, -scale, scale - 1)
    return clipped, int(np.count_nonzero(clipped != samples))


def _in_upper_bits(samples: Samples, form: Form) -> NDArray[np.int32]:
    return (samples * 2.0 ** (32 - (form.bits or 32))).astype(np.int32)


@dataclass
class SampleCounts:
    """How many samples a recording has, and how many of them were clipped.

    Attributes:
        frames: Length in samples.
        clipped: Samples of the estimate that are held at full scale.
        residual_clipped: The same of the residual.
    """

    frames: int = 0
    clipped: int = 0
    residual_clipped: int = 0


def process(
    job: Job,
    denoiser: AppliedDenoiser,
    temporaries: Mapping[PurePosixPath, Path],
    *,
    out: Path,
    strength: float,
    advance: Callable[[float], None],
) -> SampleCounts:
    """Write a recording's outputs.

    Args:
        job: The recording, and the names of its outputs.
        denoiser: What estimates.
        temporaries: The files that the outputs are written to, by their names.
        out: The folder that the names are below.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        advance: Called with the seconds that are done.

    Raises:
        AudioError: if the recording is damaged, or holds NaN or infinity.
        DenoiserFailed: if the denoiser raises, exits, or breaks its contract.
        OutputError: if an output cannot be written.
    """
    counts = SampleCounts()
    before, after = Spectrogram(job.sampling_rate), Spectrogram(job.sampling_rate)
    with io.stream(job.path) as audio, _sinks(job, temporaries, out) as write:
        for noisy, estimate in _aligned_blocks(job, audio, denoiser):
            blended = blend(noisy, estimate, strength=strength, form=job.form)
            write(blended)
            if job.spectrogram is not None:
                before.add(noisy)
                after.add(_floats(blended.estimate))
            counts.frames += len(noisy)
            counts.clipped += blended.clipped
            counts.residual_clipped += blended.residual_clipped if job.residual else 0
            advance(counts.frames / job.sampling_rate)
    if job.spectrogram is not None:
        with writing(out / job.spectrogram):
            draw_before_and_after(
                temporaries[job.spectrogram],
                before.power(),
                after.power(),
                duration_s=counts.frames / job.sampling_rate,
                sampling_rate=job.sampling_rate,
            )
    return counts


@contextmanager
def _sinks(
    job: Job, temporaries: Mapping[PurePosixPath, Path], out: Path
) -> Iterator[Callable[[Blend], None]]:
    """Open the files of samples; yield what writes to them."""
    with ExitStack() as stack:

        def opened(name: PurePosixPath) -> Callable[[NDArray[Any]], None]:
            rate, channels, path = job.sampling_rate, job.channels, out / name
            file = sink(
                temporaries[name], job.form, sampling_rate=rate, channels=channels, meant_for=path
            )
            return stack.enter_context(file)

        estimate = opened(job.estimate)
        residual = opened(job.residual) if job.residual is not None else None

        def write(blended: Blend) -> None:
            estimate(blended.estimate)
            if residual is not None:
                residual(blended.residual)

        yield write


def _aligned_blocks(
    job: Job, audio: io.Stream, denoiser: AppliedDenoiser
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the recording and its estimate, each (time, channels), a second or so at a time."""
    buffer = BlockBuffer(block.T for block in audio.blocks)
    mixture = _mixture_blocks(job, audio, buffer)
    for block in denoiser.stream(mixture, audio.sampling_rate, channels=audio.channels):
        for first in range(0, block.shape[-1], _BLOCK):
            estimate = block[:, first : first + _BLOCK].T.astype(np.float64)
            kept = buffer.take(len(estimate)).T
            noisy = np.multiply(kept, audio.scale, dtype=np.float64, order="C")
            yield noisy, estimate


def _mixture_blocks(job: Job, audio: io.Stream, blocks: BlockBuffer) -> Iterator[Batch]:
    """Yield what the denoiser is handed: float32 (channels, time), all of it finite."""
    frames = 0
    for block in blocks:
        with np.errstate(over="ignore"):
            samples = (block * audio.scale).astype(np.float32)
        broken = np.flatnonzero(~np.isfinite(samples).all(axis=0))
        if len(broken):
            broken_s = (frames + broken[0]) / audio.sampling_rate
            raise AudioError(
                f"{job.path}: holds NaN or infinity at {broken_s:.3f} s; export it again"
            )
        frames += block.shape[-1]
        yield samples


def _floats(samples: NDArray[Any]) -> NDArray[np.float64]:
    scale = 2.0**-31 if samples.dtype == np.int32 else 1.0
    floats: NDArray[np.float64] = np.multiply(samples, scale, dtype=np.float64)
    return floats
