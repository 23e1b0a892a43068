"""Change the sampling rate; the one room of the package that knows soxr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import numpy as np
import soxr
from numpy.typing import NDArray

QUALITY = "VHQ"

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
