"""Halve, think, double: the levels of a U-Net whose skips are concatenated."""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding
from benchmarks.layers.convolution import Conv, Up
from benchmarks.layers.dense import ResidualDense


class EncoderLevel(nn.Module):
    """A dense block, kept as skip, and a convolution that halves both axes (rounded up)."""

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
        answer: Tensor = self.block(torch.cat((doubled, skip), dim=1))
        return answer


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
        answer: Tensor = features
        return answer
