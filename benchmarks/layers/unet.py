"""A U-Net of densely connected blocks whose skips are concatenated."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding, paired
from benchmarks.layers.bordered import Bordered, convolved
from benchmarks.layers.convolution import Conv, Up
from benchmarks.layers.paired import is_inferred
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

    def forward(
        self, spectrum: Tensor, carried: Tensor | None = None, *, code: Tensor | None = None
    ) -> Tensor:
        """Return features (batch, widths[0], frames, bins).

        Args:
            spectrum: All inputs, or those before the code, shape (batch, inputs, frames, bins).
            carried: Features of the stage before, shape (batch, carried, frames, bins).
            code: The last inputs, which are the same in every frame, shape (bins, codes).
        """
        features = self.input(spectrum, code)
        entry = (features,) if carried is None else (features, carried)
        skips = []
        for down in self.encoder:
            features, skip = down(*entry)
            skips.append(skip)
            entry = (features,)
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

    def forward(self, *features: Tensor) -> tuple[Tensor, Tensor]:
        """Return what goes down (batch, outputs, ...) and what skips (batch, width, ...)."""
        skip = self.block(*features)
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
        joined: Tensor = self.block(doubled, skip)
        return joined


class ResidualDense(nn.Module):
    """A dense block plus a linear 1 x 1 projection of its input, with nothing after the sum."""

    def __init__(self, inputs: int, outputs: int, *, num_tfc: int) -> None:
        super().__init__()
        self.dense = Dense(inputs, outputs, num_tfc=num_tfc)
        self.straight = Conv(inputs, outputs, kernel=1, elu=False)

    def forward(self, *features: Tensor) -> Tensor:
        """Return (batch, outputs, frames, bins).

        Args:
            features: What is to be joined, shapes (batch, some of the inputs, frames, bins).
        """
        frames = features[0].shape[2]
        if is_inferred(features[0]):
            strips = [Strip(each, 0, frames) for each in features]
            part = partial(self._inferred, strips)
        else:
            joined = features[0] if len(features) == 1 else torch.cat(features, dim=1)
            part = partial(self._part, Strip(joined, 0, frames))
        return in_strips(part, features[0], frames=frames, widest=self.dense.widest)

    def _part(self, strip: Strip, begin: int, end: int) -> Tensor:
        # In place of the straight path: autograd keeps nothing of it, but the ELU's own output.
        return self.straight.part(strip, begin, end).add_(self.dense.part(strip, begin, end))

    def _inferred(self, strips: list[Strip], begin: int, end: int) -> Tensor:
        """Return frames begin to end; both paths see the same features with borders."""
        margin = len(self.dense)
        given = [Bordered.of(strip, begin - margin, end + margin) for strip in strips]
        straight = convolved(self.straight, given, begin, end)
        return self.dense.inferred(given, begin, end).add_(straight)


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

    def inferred(self, given: Sequence[Bordered], begin: int, end: int) -> Tensor:
        """Return what ``part`` does; nothing is concatenated, for sums are as good.

        Args:
            given: Features that are joined, with one frame more at each side for each convolution.
            begin: The first frame.
            end: The frame after the last.
        """
        *inner, last = cast("list[Conv]", list(self))
        seen = list(given)
        for margin, conv in zip(range(len(inner), 0, -1), inner, strict=True):
            first, past = max(0, begin - margin), min(given[0].whole, end + margin)
            newest = convolved(conv, seen, first, past)
            seen.insert(0, Bordered.activated(newest, first, given[0].whole))
        return paired.elu(convolved(last, seen, begin, end))
