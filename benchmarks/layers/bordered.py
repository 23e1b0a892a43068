"""Keep features with their borders around them, so that no convolution has to copy them first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.layers import paired
from benchmarks.layers.convolution import Conv
from benchmarks.layers.tiling import Strip


@dataclass(frozen=True)
class Bordered:
    """Some consecutive frames of features, the borders of the whole mirrored around them.

    Attributes:
        features: Shape (batch, channels, frames, 1 + bins + 2), channels last: one bin more at each
            side, and a spare one of any numbers. One frame before the first of the whole is its
            mirror, and one after the last.
        first: Which frame of the whole it begins with; -1 is the mirrored one.
        whole: How many frames the whole has.
    """

    features: Tensor
    first: int
    whole: int

    @classmethod
    def of(cls, strip: Strip, begin: int, end: int) -> Bordered:
        """Return frames begin to end of a strip, as far as there are some."""
        begin, end = max(-1, begin), min(strip.whole + 1, end)
        return cls(strip.widened(begin, end, bins=(1, 1), spare=1), begin, strip.whole)

    @classmethod
    def activated(cls, features: Tensor, first: int, whole: int) -> Bordered:
        """Return the ELU of features without borders, written where the borders stand around it."""
        batch, channels, frames, bins = features.shape
        top, bottom = int(first == 0), int(first + frames == whole)
        shape = (batch, channels, frames + top + bottom, bins + 3)
        wide = torch.empty(shape, dtype=features.dtype, memory_format=torch.channels_last)
        paired.elu(features, out=wide[:, :, top : top + frames, 1 : bins + 1])
        wide[..., 0] = wide[..., 1]
        wide[..., bins + 1 :] = wide[..., bins, None]
        if top:
            wide[:, :, 0] = wide[:, :, 1]
        if bottom:
            wide[:, :, -1] = wide[:, :, -2]
        return cls(wide, first - top, whole)


def convolved(conv: Conv, joined: Sequence[Bordered], begin: int, end: int) -> Tensor:
    """Return frames begin to end of a convolution of joined features, without its ELU.

    Args:
        conv: Of kernel 1 or 3 and stride 1.
        joined: What would be concatenated.
        begin: The first frame.
        end: The frame after the last.

    Returns:
        Shape (batch, outputs, frames, bins), of the caller.
    """
    margin = conv.weight.shape[-1] // 2
    bins = joined[0].features.shape[-1] - 3
    sums, seen = torch.empty(0), 0
    for part in joined:
        rows = slice(begin - margin - part.first, end + margin - part.first)
        weight = conv.weight[:, seen : seen + part.features.shape[1]]
        bias = None if seen else conv.bias
        one = paired.convolve(part.features[:, :, rows], weight, bias)
        sums = sums.add_(one) if seen else one
        seen += weight.shape[1]
    return sums[..., 1 - margin : 1 - margin + bins]
