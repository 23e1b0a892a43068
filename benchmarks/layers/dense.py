"""See everything computed so far: densely connected convolutions beside a straight path."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from benchmarks.layers.convolution import Conv
from benchmarks.layers.tiling import Strip, walked


class Dense(nn.ModuleList):
    """3 x 3 convolutions, each of all before it, the newest first; only the last one is handed on.

    Not the concatenation, as in the paper's figure and in DenseNet (Huang et al. 2017).
    """

    def __init__(self, inputs: int, outputs: int, *, num_tfc: int) -> None:
        super().__init__(
            Conv(inputs + number * outputs, outputs, kernel=3) for number in range(num_tfc)
        )
        self.widest = inputs + (num_tfc - 1) * outputs

    def part(self, strip: Strip, begin: int, end: int) -> Tensor:
        """Return frames begin to end of what the whole becomes.

        Args:
            strip: These frames, and one more at each side for each convolution.
            begin: The first frame.
            end: The frame after the last.
        """
        *inner, last = cast("list[Conv]", list(self))
        for margin, conv in zip(range(len(inner), 0, -1), inner, strict=True):
            first, past = max(0, begin - margin), min(strip.whole, end + margin)
            both = torch.cat((conv.part(strip, first, past), strip.cut(first, past)), dim=1)
            strip = Strip(both, first, strip.whole)
        return last.part(strip, begin, end)


class ResidualDense(nn.Module):
    """A dense block plus a linear 1 x 1 projection of its input, with nothing after the sum."""

    def __init__(self, inputs: int, outputs: int, *, num_tfc: int) -> None:
        super().__init__()
        self.dense = Dense(inputs, outputs, num_tfc=num_tfc)
        self.straight = Conv(inputs, outputs, kernel=1, elu=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, frames, bins) of (batch, inputs, frames, bins)."""
        strip = Strip(features, 0, features.shape[2])
        # In place of the straight path: autograd keeps nothing of it, but the ELU's own output.
        return walked(
            lambda begin, end: self.straight.part(strip, begin, end).add_(
                self.dense.part(strip, begin, end)
            ),
            features,
            frames=strip.whole,
            widest=self.dense.widest,
        )
