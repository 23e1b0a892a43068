"""Convolutions of spectra with mirrored borders, a bias and an ELU, as in MusicECAN."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding
from benchmarks.layers.tiling import Strip, in_strips


class Conv(nn.Module):
    """A square convolution; n lines become ceil(n / stride) on both axes.

    Attributes:
        weight: Shape (outputs, inputs, kernel, kernel).
        bias: Shape (outputs,).
        stride: Step on both axes.
        elu: Whether an ELU follows.
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        stride: int = 1,
        elu: bool = True,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stride, self.elu, self.gain = stride, elu, gain

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight[0].numel()

    def forward(self, features: Tensor) -> Tensor:
        """Return the convolution of (batch, inputs, frames, bins)."""
        strip = Strip(features, 0, features.shape[2])
        return in_strips(
            lambda begin, end: self.part(strip, begin, end),
            features,
            frames=-(-strip.whole // self.stride),
            widest=len(self.weight[0]),
        )

    def part(self, strip: Strip, begin: int, end: int) -> Tensor:
        """Return frames begin to end of what the whole becomes.

        Args:
            strip: Frames ``begin * stride`` to ``end * stride`` of the whole, and the margins.
            begin: The first frame.
            end: The frame after the last.
        """
        kernel = self.weight.shape[-1]
        before, after = padding.margins(kernel)
        first = begin * self.stride - before
        past = (end - 1) * self.stride - before + kernel
        wide = strip.widened(first, past, bins=(before, after))
        convolved = functional.conv2d(wide, self.weight, self.bias, self.stride)
        return functional.elu(convolved, inplace=True) if self.elu else convolved


class Up(nn.Module):
    """A transposed 4 x 4 convolution of stride 2 and an ELU: n lines become 2 n.

    The reference computes 2 n + 2 lines and cuts one off at each side: torch's ``padding=1``.

    Attributes:
        weight: Shape (inputs, outputs, 4, 4).
        bias: Shape (outputs,).
    """

    gain = 1.0

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs, 4, 4))
        self.bias = nn.Parameter(torch.zeros(outputs))

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of: a quarter of the kernel meets it."""
        return 4 * self.weight.shape[0]

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, 2 frames, 2 bins)."""
        doubled = functional.conv_transpose2d(features, self.weight, self.bias, stride=2, padding=1)
        return functional.elu(doubled, inplace=True)
