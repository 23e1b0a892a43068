"""A U-Net of densely connected blocks whose skips are concatenated."""

from __future__ import annotations

import itertools
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding
from benchmarks.layers.convolution import Conv, Up
from benchmarks.layers.tiling import Strip, in_strips


class Unet(nn.Module):
    """A convolution of the spectrum, encoder, bottleneck, decoder.

    Attributes:
        attention: What the bottleneck passes on its way to the decoder.
    """

    def __init__(
        self, widths: list[int], *, inputs: int, carried: int, num_tfc: int, attention: nn.Module
    ) -> None:
        super().__init__()
        first = [widths[0] + carried, *widths[1:]]
        pairs = list(itertools.pairwise(widths))
        self.input = Conv(inputs, widths[0], kernel=7)
        self.encoder = nn.ModuleList(
            EncoderLevel(entry, width, below, num_tfc=num_tfc)
            for entry, (width, below) in zip(first, pairs, strict=False)
        )
        self.middle = ResidualDense(widths[-1], widths[-1], num_tfc=num_tfc)
        self.attention = attention
        self.decoder = nn.ModuleList(
            DecoderLevel(below, width, num_tfc=num_tfc) for width, below in pairs
        )

    def forward(self, spectrum: Tensor, carried: Tensor | None = None) -> Tensor:
        """Return features (batch, widths[0], frames, bins).

        Args:
            spectrum: With its frequency code, shape (batch, inputs, frames, bins).
            carried: Features of the stage before, shape (batch, carried, frames, bins).
        """
        features = self.input(spectrum)
        if carried is not None:
            features = torch.cat((features, carried), dim=1)
        skips = []
        for down in self.encoder:
            features, skip = down(features)
            skips.append(skip)
        features = self.attention(self.middle(features))
        for up in reversed(self.decoder):
            features = up(features, skips.pop())
        decoded: Tensor = features
        return decoded


class EncoderLevel(nn.Module):
    """A dense block, which is the skip, and a convolution that halves both axes (rounded up)."""

    def __init__(self, inputs: int, width: int, outputs: int, *, num_tfc: int) -> None:
        super().__init__()
        self.block = ResidualDense(inputs, width, num_tfc=num_tfc)
        self.down = Conv(width, outputs, kernel=4, stride=2)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return what goes down (batch, outputs, ...) and what skips (batch, width, ...)."""
        skip = self.block(features)
        return self.down(skip), skip


class DecoderLevel(nn.Module):
    """Double both axes twice over (learned, and repeated), join the skip, and a dense block.

    Projecting before repeating is a quarter of the work and the same: 1 x 1 and ELU know no
    neighbours.
    """

    def __init__(self, inputs: int, width: int, *, num_tfc: int) -> None:
        super().__init__()
        self.up = Up(inputs, width)
        self.project = nn.Identity() if inputs == width else Conv(inputs, width, kernel=1)
        self.block = ResidualDense(2 * width, width, num_tfc=num_tfc)

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return (batch, width, frames, bins).

        Args:
            features: Of the level below, shape (batch, inputs, ceil(frames / 2), ceil(bins / 2)).
            skip: Shape (batch, width, frames, bins).
        """
        repeated = functional.interpolate(self.project(features), scale_factor=2.0, mode="nearest")
        frames, bins = skip.shape[-2:]
        doubled = padding.cropped(repeated.add_(self.up(features)), frames=frames, bins=bins)
        joined: Tensor = self.block(torch.cat((doubled, skip), dim=1))
        return joined


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
        return in_strips(
            lambda begin, end: self.straight.part(strip, begin, end).add_(
                self.dense.part(strip, begin, end)
            ),
            features,
            frames=strip.whole,
            widest=self.dense.widest,
        )


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
