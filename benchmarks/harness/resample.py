"""Change the sampling rate of audio, at once or as it comes, at the best quality of soxr.

A resampler takes what lies outside for silence, and a recording that begins or ends at full level
rings there. So the recording is mirrored beyond its ends while its rate is changed: 10 ms on each
side keep that away from the recording itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import soxr

from benchmarks.contract import Batch
from mn_dataset.audio.convert import QUALITY, resample_blocks

_MARGIN_S = 0.01


def resampled(batch: Batch, source_rate: int, target_rate: int, *, quality: str = QUALITY) -> Batch:
    """Return the batch at another rate; the first sample stays at time zero.

    Args:
        batch: float32, shape (..., time).
        source_rate: In Hz.
        target_rate: In Hz.
        quality: Of soxr; "HQ" is for 20 bits, and takes three fifths of the time.

    Returns:
        float32, shape (..., ceil(time * target_rate / source_rate)).

    >>> resampled(np.zeros((2, 1, 441), np.float32), 44_100, 16_000).shape
    (2, 1, 160)
    """
    if source_rate == target_rate:
        return batch
    outside = margin(source_rate, target_rate)
    wider = mirrored(batch, outside)
    converted = soxr.resample(_columns(wider), source_rate, target_rate, quality=quality)
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
    yielded = -outside * target_rate // source_rate
    for part in resample_blocks(columns, from_rate=source_rate, to_rate=target_rate):
        # Until all has come, soxr has given less than this.
        rest = _length(counted.samples, source_rate, target_rate) - yielded
        yield _rows(part[max(0, -yielded) : max(0, rest)], shape)
        yielded += len(part)


def fitted(batch: Batch, num_samples: int) -> Batch:
    """Cut the end, or pad it with silence, to exactly that many samples."""
    missing = max(0, num_samples - batch.shape[-1])
    padding = [(0, 0)] * (batch.ndim - 1) + [(0, missing)]
    cut: Batch = np.pad(batch[..., :num_samples], padding)
    return cut


class Counted:
    """Blocks (..., time) that are counted as they pass.

    Attributes:
        samples: How many have passed.
    """

    def __init__(self, blocks: Iterable[Batch]) -> None:
        self._blocks = blocks
        self.samples = 0

    def __iter__(self) -> Iterator[Batch]:
        """Pass the blocks on."""
        for block in self._blocks:
            self.samples += block.shape[-1]
            yield block


def margin(source_rate: int, target_rate: int) -> int:
    """Return how many samples stand on each side: a whole number at both rates.

    >>> margin(48_000, 44_100), margin(44_100, 44_100)
    (480, 0)
    """
    if source_rate == target_rate:
        return 0
    unit = source_rate // math.gcd(source_rate, target_rate)
    return unit * math.ceil(_MARGIN_S * source_rate / unit)


def mirrored(signal: Batch, count: int) -> Batch:
    """Return a signal (..., time) with so many samples more on each side.

    >>> mirrored(np.array([1.0, 2.0, 3.0], np.float32), 2)
    array([2., 1., 1., 2., 3., 3., 2.], dtype=float32)
    """
    sides = [(0, 0)] * (signal.ndim - 1) + [(count, count)]
    return np.pad(signal, sides, mode="symmetric")


def mirrored_blocks(blocks: Iterable[Batch], count: int) -> Iterator[Batch]:
    """Yield a signal of blocks (..., time) with so many samples more on each side."""
    if not count:
        yield from blocks
        return
    rest = iter(blocks)
    first: list[Batch] = []
    while sum(block.shape[-1] for block in first) < count:
        block = next(rest, None)
        if block is None:
            if first:
                yield mirrored(np.concatenate(first, axis=-1), count)
            return
        first.append(block)
    head = np.concatenate(first, axis=-1)
    yield head[..., count - 1 :: -1]
    yield head
    tail = head[..., -count:]
    for block in rest:
        yield block
        tail = np.concatenate([tail, block], axis=-1)[..., -count:]
    yield tail[..., ::-1]


def _length(num_samples: int, source_rate: int, target_rate: int) -> int:
    return -(-num_samples * target_rate // source_rate)


def _columns(batch: Batch) -> Batch:
    return batch.reshape(math.prod(batch.shape[:-1]), batch.shape[-1]).T


def _rows(columns: Batch, shape: tuple[int, ...]) -> Batch:
    return np.ascontiguousarray(columns.T).reshape(*shape, len(columns))
