"""Convert audio: resample it, mix its channels down, bring it into the M&N form.

That form is mono, 44.1 kHz, 16-bit. Resampling is soxr's, in very high quality.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

from mn_dataset.audio import io
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE

PEAK_CEILING = 32_768 * 10.0 ** (-1.0 / 20.0)
"""−1 dBFS in LSB; louder recordings are lowered to it."""

QUALITY = "VHQ"
"""The quality of resampling, as soxr calls it."""

Sample = TypeVar("Sample", np.float32, np.float64)


def resample(samples: NDArray[np.float64], *, from_rate: int, to_rate: int) -> NDArray[np.float64]:
    """Resample (time,) or (time, channels) with soxr's very high quality; a no-op at one rate."""
    if from_rate == to_rate:
        return samples
    converted: NDArray[np.float64] = soxr.resample(samples, from_rate, to_rate, quality=QUALITY)
    return converted


def resample_blocks(
    blocks: Iterable[NDArray[Sample]], *, from_rate: int, to_rate: int
) -> Iterator[NDArray[Sample]]:
    """Resample (time,) or (time, channels) that comes in blocks, all of one type.

    The samples are those of the whole resampled at once, in other blocks.

    >>> whole = np.sin(np.arange(4800.0))
    >>> parts = resample_blocks([whole[:1000], whole[1000:]], from_rate=48_000, to_rate=44_100)
    >>> bool((np.concatenate(list(parts)) == resample(whole, from_rate=48000, to_rate=44100)).all())
    True
    """
    if from_rate == to_rate:
        yield from blocks
        return
    stream = None
    for block in blocks:
        if stream is None:
            channels = block.shape[1] if block.ndim == 2 else 1
            stream = soxr.ResampleStream(
                from_rate, to_rate, channels, dtype=block.dtype, quality=QUALITY
            )
        yield stream.resample_chunk(block)
    if stream is not None:
        yield stream.resample_chunk(block[:0], last=True)


def mix_down(samples: NDArray[Any], *, scale: float = 1.0) -> NDArray[np.float64]:
    """Average the channels of samples (time, channels) of any type, times a scale.

    >>> mix_down(np.array([[32767, -1], [0, 3]], np.int16)).tolist()
    [16383.0, 1.5]
    """
    # A loop over the few channels is ten times as quick as numpy's mean along a short axis.
    mono = samples[:, 0].astype(np.float64)
    for channel in range(1, samples.shape[1]):
        mono += samples[:, channel]
    mono *= scale
    if samples.shape[1] > 1:
        mono /= samples.shape[1]
    return mono


def to_mono(samples: io.Floats, sampling_rate: int) -> NDArray[np.float64]:
    """Average the channels of samples (time, channels) and resample them to 44.1 kHz.

    Returns:
        float64 samples (time,); full scale is 1.

    Raises:
        AudioError: if a sample is not finite.
    """
    if not np.isfinite(samples).all():
        raise AudioError("holds NaN or infinite samples; export it again")
    return resample(mix_down(samples), from_rate=sampling_rate, to_rate=SAMPLING_RATE)


def to_pcm(mono: NDArray[np.float64]) -> tuple[io.Pcm, float]:
    """Round samples (time,) with full scale 1 to 16 bits, lowered to −1 dBFS if above it.

    Returns:
        int16 samples (time,), and the linear gain that they were lowered by (1.0: left alone).

    Raises:
        AudioError: if every sample would be zero.
    """
    loudest = 32_768 * peak(mono)
    if loudest < 0.5:
        raise AudioError(
            "its mean over channels is silent; remove the row or replace the recording"
        )
    gain = min(1.0, PEAK_CEILING / loudest)
    return np.rint(mono * (32_768 * gain)).astype(np.int16), gain


def peak(mono: NDArray[np.float64]) -> float:
    """Return the largest magnitude of samples (time,), 0.0 for none; no copy is made."""
    return max(float(mono.max()), -float(mono.min())) if len(mono) else 0.0
