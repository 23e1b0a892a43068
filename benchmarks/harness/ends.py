"""Mirror a recording beyond its ends while its rate is changed, so that the ends stay as they are.

A resampler takes what lies outside for silence, and a recording that begins or ends at full level
rings there. 10 ms on each side keep that away from the recording itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from benchmarks.contract import Batch

_MARGIN_S = 0.01


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
    """Do the same to a signal that comes in blocks (..., time)."""
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
