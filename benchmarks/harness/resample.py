"""Change the sampling rate of audio, at once or as it comes, at the best quality of soxr."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import soxr

from benchmarks.contract import Batch
from benchmarks.harness.blocks import Counted
from benchmarks.harness.ends import margin, mirrored, mirrored_blocks
from mn_dataset.audio.resample import QUALITY, resample_blocks


def resampled(batch: Batch, source_rate: int, target_rate: int) -> Batch:
    """Return the batch at another rate; the first sample stays at time zero.

    Args:
        batch: float32, shape (..., time).
        source_rate: In Hz.
        target_rate: In Hz.

    Returns:
        float32, shape (..., ceil(time * target_rate / source_rate)).

    >>> resampled(np.zeros((2, 1, 441), np.float32), 44_100, 16_000).shape
    (2, 1, 160)
    """
    if source_rate == target_rate:
        return batch
    outside = margin(source_rate, target_rate)
    wider = mirrored(batch, outside)
    converted = soxr.resample(_columns(wider), source_rate, target_rate, quality=QUALITY)
    begin = outside * target_rate // source_rate
    num_samples = _length(batch.shape[-1], source_rate, target_rate)
    return _rows(converted[begin : begin + num_samples], batch.shape[:-1])


def resampled_blocks(
    blocks: Iterable[Batch], source_rate: int, target_rate: int, *, shape: tuple[int, ...]
) -> Iterator[Batch]:
    """Resample what comes in blocks: the same samples as of the whole at once, in other blocks.

    Args:
        blocks: float32, shape (*shape, time), of any lengths.
        source_rate: In Hz.
        target_rate: In Hz.
        shape: Of a block without its time.

    >>> parts = [np.ones((1, 2, 400), np.float32), np.ones((1, 2, 41), np.float32)]
    >>> at_16_khz = resampled_blocks(parts, 44_100, 16_000, shape=(1, 2))
    >>> np.concatenate(list(at_16_khz), axis=-1).shape
    (1, 2, 160)
    """
    if source_rate == target_rate:
        yield from blocks
        return
    counted = Counted(blocks)
    outside = margin(source_rate, target_rate)
    nothing = np.zeros((0, math.prod(shape)), np.float32)
    columns = chain([nothing], map(_columns, mirrored_blocks(counted, outside)))
    given = -outside * target_rate // source_rate
    for part in resample_blocks(columns, from_rate=source_rate, to_rate=target_rate):
        # Until all has come, soxr has given less than this.
        rest = _length(counted.samples, source_rate, target_rate) - given
        yield _rows(part[max(0, -given) : max(0, rest)], shape)
        given += len(part)


def fitted(batch: Batch, num_samples: int) -> Batch:
    """Cut the end, or pad it with silence, to exactly that many samples."""
    missing = max(0, num_samples - batch.shape[-1])
    padding = [(0, 0)] * (batch.ndim - 1) + [(0, missing)]
    cut: Batch = np.pad(batch[..., :num_samples], padding)
    return cut


def _length(num_samples: int, source_rate: int, target_rate: int) -> int:
    return -(-num_samples * target_rate // source_rate)


def _columns(batch: Batch) -> Batch:
    return batch.reshape(math.prod(batch.shape[:-1]), batch.shape[-1]).T


def _rows(columns: Batch, shape: tuple[int, ...]) -> Batch:
    return np.ascontiguousarray(columns.T).reshape(*shape, len(columns))
