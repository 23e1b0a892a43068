"""Convolutions whose zeros keep a size as Keras's "same" keeps it, and their transposes.

Under an even kernel Keras over TensorFlow pads the smaller half of the zeros before an axis and the
rest after it: of 2 taps one stays in place and one looks ahead, of 4 one looks back and two ahead.
``benchmarks.layers.padding.margins`` has the halves of Keras over Theano, the other way round.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

SLOPE = 0.3
"""Of a leaky ReLU below 0, as Keras has it."""
LEAKY_GAIN = (2 / (1 + SLOPE**2)) ** 0.5
"""Scale of first weights at which a leaky ReLU keeps the mean square of what goes through."""


def same_margins(kernel: int, dilation: int = 1) -> tuple[int, int]:
    """Return how many zeros stand before and after an axis.

    >>> same_margins(2), same_margins(3), same_margins(4), same_margins(4, 16)
    ((0, 1), (1, 1), (1, 2), (24, 24))
    """
    zeros = dilation * (kernel - 1)
    return zeros // 2, zeros - zeros // 2


class SameConv(nn.Module):
    """A convolution of (batch, inputs, rows, time) that keeps rows and time.

    Attributes:
        weight: Shape (outputs, inputs, kernel, kernel).
        bias: Shape (outputs,).
        dilation: Distance of taps in rows and in time.
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        dilation: tuple[int, int] = (1, 1),
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.dilation, self.gain = dilation, gain

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight[0].numel()

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, rows, time)."""
        kernel = self.weight.shape[-1]
        rows, time = (same_margins(kernel, distance) for distance in self.dilation)
        padded = functional.pad(features, (*time, *rows))
        return functional.conv2d(padded, self.weight, self.bias, dilation=self.dilation)


class SameUp(nn.Module):
    """A transposed convolution of (batch, inputs, rows, time): rows stay, time times ``stride``.

    It is the transpose of the convolution that Keras's "same" means, so that what stands over is
    cut off as that one pads: the smaller half before, the rest after.

    Attributes:
        weight: Shape (inputs, outputs, kernel, kernel).
        bias: Shape (outputs,).
        stride: How many samples a sample becomes.
        gain: Scale of the first weights, beside what the fan-in asks for.
    """

    def __init__(
        self, inputs: int, outputs: int, *, kernel: int, stride: int = 2, gain: float = 1.0
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.stride, self.gain = stride, gain

    @property
    def fan_in(self) -> int:
        """How many inputs an output is the sum of."""
        return self.weight[:, 0].numel() // self.stride

    def forward(self, features: Tensor) -> Tensor:
        """Return (batch, outputs, rows, stride · time)."""
        kernel, (rows, time) = self.weight.shape[-1], features.shape[-2:]
        first_row, first = (kernel - 1) // 2, (kernel - self.stride) // 2
        whole = functional.conv_transpose2d(
            features, self.weight, self.bias, stride=(1, self.stride)
        )
        return whole[..., first_row : first_row + rows, first : first + self.stride * time]


def leaky(features: Tensor) -> Tensor:
    """Return a leaky ReLU of slope ``SLOPE``, computed in place."""
    return functional.leaky_relu(features, SLOPE, inplace=True)
