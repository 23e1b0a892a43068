"""Cut a signal of any length into overlapping pieces, and crossfade them into one again.

Pieces begin every ``chunk - overlap`` samples and all have one length: the last is moved back to
end with the signal, so that no tail is lost and no piece is tiny. Neighbours are crossfaded over
the last ``overlap`` samples of the earlier one; the two weights sum to exactly one at every
sample, and the first and the last of the signal are not faded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]
"""Shape (..., time)."""

_GRID = 2.0**24


@dataclass(frozen=True)
class Piece:
    """A part of a signal.

    Attributes:
        start: Its first sample in the signal.
        samples: float32, shape (..., time).
    """

    start: int
    samples: Signal

    @property
    def stop(self) -> int:
        """Where in the signal it ends."""
        return self.start + int(self.samples.shape[-1])


def cut(blocks: Iterable[Signal], *, chunk: int, overlap: int) -> Iterator[Piece]:
    """Cut a signal that comes in blocks; a piece is handed out as soon as it is there.

    Memory holds a piece and a block, however long the signal.

    Args:
        blocks: float32, shape (..., time), of any lengths.
        chunk: Length of a piece; a shorter signal is one piece, an empty one is none.
        overlap: Samples that neighbours share at least, fewer than ``chunk``.

    Yields:
        Pieces whose samples may be views of the blocks.

    Raises:
        ValueError: if the overlap leaves no way forward.

    >>> [(piece.start, piece.stop) for piece in cut([np.zeros(24)], chunk=10, overlap=2)]
    [(0, 10), (8, 18), (14, 24)]
    """
    if not 0 <= overlap < chunk:
        raise ValueError(f"overlap is {overlap}; expected 0 to {chunk - 1}, less than a piece")
    pending: list[Signal] = []
    begin = end = start = 0  # of the pending blocks; where the next piece begins
    for block in blocks:
        pending.append(block)
        end += block.shape[-1]
        if end < start + chunk:
            continue
        signal = _whole(pending)
        while end >= start + chunk:
            yield Piece(start, signal[..., start - begin :][..., :chunk])
            start += chunk - overlap
        latest = start - (chunk - overlap)
        pending, begin = [signal[..., latest - begin :]], latest  # the last piece may begin in it
    covered = start + overlap if start else 0
    if end > covered:
        last = max(0, end - chunk)
        yield Piece(last, _whole(pending)[..., last - begin :])


def joined(pieces: Iterable[Piece], *, overlap: int) -> Iterator[Signal]:
    """Crossfade the pieces of ``cut`` into one signal again.

    Args:
        pieces: In order, each beginning at least ``overlap`` before the end of the one before.
        overlap: Samples over which neighbours are crossfaded.

    Yields:
        The signal in blocks, each of which is the receiver's unless there is but one piece.

    >>> signal = np.arange(24, dtype=np.float32)
    >>> blocks = joined(cut([signal], chunk=10, overlap=2), overlap=2)
    >>> bool((np.concatenate(list(blocks)) == signal).all())
    True
    """
    rising = rise(overlap)
    tail: Signal | None = None
    seam = 0
    for piece in pieces:
        body = piece.samples[..., seam - piece.start if tail is not None else 0 :]
        if tail is not None:
            body = body.copy()
            body[..., :overlap] = tail + rising * (body[..., :overlap] - tail)
        finished = max(0, body.shape[-1] - overlap)
        yield body[..., :finished]
        tail = body[..., finished:]
        seam = piece.stop - overlap
    if tail is not None:
        yield tail


def rise(overlap: int) -> Signal:
    """Return the weights of the later piece: a squared sine, shape (overlap,).

    They are whole multiples of 2⁻²⁴, as are the weights of the earlier one, one less these: both
    are exact in float32, and so is their sum.

    >>> [f"{weight:.3f}" for weight in rise(4)]
    ['0.038', '0.309', '0.691', '0.962']
    """
    phase = (np.arange(overlap) + 0.5) * (np.pi / 2) / max(1, overlap)
    return (np.rint(np.square(np.sin(phase)) * _GRID) / _GRID).astype(np.float32)


class BlockBuffer:
    """Blocks (..., time) that are kept as they pass until they are asked for."""

    def __init__(self, blocks: Iterable[NDArray[Any]]) -> None:
        self._blocks = blocks
        self._kept: deque[NDArray[Any]] = deque()

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Pass copies of the blocks on."""
        for block in self._blocks:
            copy = block.copy()
            self._kept.append(copy)
            yield copy

    def take(self, count: int) -> NDArray[Any]:
        """Return the next samples, at least one and no more than have passed, and forget them.

        Returns:
            Shape (..., count).
        """
        parts = []
        while count:
            block = self._kept.popleft()
            if block.shape[-1] > count:
                self._kept.appendleft(block[..., count:])
            parts.append(block[..., :count])
            count -= parts[-1].shape[-1]
        return _whole(parts)


def _whole(blocks: list[Signal]) -> Signal:
    return blocks[0] if len(blocks) == 1 else np.concatenate(blocks, axis=-1)
