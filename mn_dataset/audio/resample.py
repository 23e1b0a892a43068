"""Change the sampling rate; the one room of the package that knows soxr."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import soxr
from numpy.typing import NDArray

QUALITY = "VHQ"


def resample(samples: NDArray[np.float64], *, from_rate: int, to_rate: int) -> NDArray[np.float64]:
    """Resample (time,) or (time, channels) with soxr's very high quality; a no-op at one rate."""
    if from_rate == to_rate:
        return samples
    converted: NDArray[np.float64] = soxr.resample(samples, from_rate, to_rate, quality=QUALITY)
    return converted


def resample_blocks(
    blocks: Iterable[NDArray[np.float64]], *, from_rate: int, to_rate: int
) -> Iterator[NDArray[np.float64]]:
    """Resample (time,) that comes in blocks: the same samples as of the whole, in other blocks.

    >>> whole = np.sin(np.arange(4800.0))
    >>> parts = resample_blocks([whole[:1000], whole[1000:]], from_rate=48_000, to_rate=44_100)
    >>> bool((np.concatenate(list(parts)) == resample(whole, from_rate=48000, to_rate=44100)).all())
    True
    """
    if from_rate == to_rate:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_rate, to_rate, 1, dtype="float64", quality=QUALITY)
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0), last=True)
