"""Compute features in strips of frames that stay in the processor's cache.

At full resolution every convolution, concatenation, padding and activation writes more than a
cache holds, into pages that the system hands out afresh each time. A strip at a time, with the few
neighbouring frames that its convolutions look at, is the same arithmetic in a fraction of the
memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.layers import padding
from benchmarks.layers.paired import is_inferred

STRIP_BYTES = 10 * 2**20
"""What the widest features of a strip may take: less would cost more in margins than it saves."""


@dataclass(frozen=True)
class Strip:
    """Some consecutive frames of features.

    Attributes:
        features: Shape (batch, channels, frames of the strip, bins).
        first: Which frame of the whole it begins with.
        whole: How many frames the whole has.
    """

    features: Tensor
    first: int
    whole: int

    def cut(self, begin: int, end: int) -> Tensor:
        """Return frames begin to end of the whole, all of them in the strip."""
        return self.features[:, :, begin - self.first : end - self.first]

    def widened(self, begin: int, end: int, *, bins: tuple[int, int], spare: int = 0) -> Tensor:
        """Return frames begin to end, and bins before and after, mirrored beyond the whole.

        After these come spare bins of finite numbers that mean nothing.
        """
        inside = self.cut(max(0, begin), min(self.whole, end))
        frames = max(0, -begin), max(0, end - self.whole)
        return padding.symmetric(inside, frames=frames, bins=bins, spare=spare)


def in_strips(
    compute: Callable[[int, int], Tensor], features: Tensor, *, frames: int, widest: int
) -> Tensor:
    """Compute frames strip by strip; at once where gradients are wanted, or not on a CPU.

    Args:
        compute: Returns frames begin to end, shape (batch, channels, end - begin, bins).
        features: What is computed on, shape (batch, channels, frames, bins).
        frames: How many there will be.
        widest: Channels of the widest features on the way.

    Returns:
        Shape (batch, channels, frames, bins).
    """
    batch, _, lines, bins = features.shape
    size = batch * widest * lines * bins * features.element_size()
    count = min(frames, -(-size // STRIP_BYTES))
    if not is_inferred(features) or count <= 1:
        return compute(0, frames)
    borders = [number * frames // count for number in range(count + 1)]
    first = compute(0, borders[1])
    shape = (batch, first.shape[1], frames, first.shape[3])
    whole = torch.empty(shape, dtype=first.dtype, memory_format=torch.channels_last)
    whole[:, :, : borders[1]] = first
    for begin, end in itertools.pairwise(borders[1:]):
        whole[:, :, begin:end] = compute(begin, end)
    return whole
