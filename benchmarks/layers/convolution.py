"""Convolutions of spectra with mirrored borders, a bias and an ELU, as in MusicECAN."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.layers import padding, paired
from benchmarks.layers.paired import is_inferred
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

    def forward(self, features: Tensor, code: Tensor | None = None) -> Tensor:
        """Return the convolution of (batch, inputs, frames, bins).

        Args:
            features: All inputs, or those before the code.
            code: The last inputs, if they are the same in every frame, shape (bins, codes).
        """
        strip = Strip(features, 0, features.shape[2])
        added = None if code is None else self._of_code(code)
        return in_strips(
            lambda begin, end: self.part(strip, begin, end, added),
            features,
            frames=-(-strip.whole // self.stride),
            widest=len(self.weight[0]),
        )

    def part(self, strip: Strip, begin: int, end: int, added: Tensor | None = None) -> Tensor:
        """Return frames begin to end of what the whole becomes.

        Args:
            strip: Frames ``begin * stride`` to ``end * stride`` of the whole, and the margins.
            begin: The first frame.
            end: The frame after the last.
            added: What further inputs add to every frame, shape (outputs, 1, bins).
        """
        weight = self.weight[:, : strip.features.shape[1]]
        kernel = weight.shape[-1]
        before, after = padding.margins(kernel)
        first = begin * self.stride - before
        past = (end - 1) * self.stride - before + kernel
        if is_inferred(strip.features) and self.stride == 1 and paired.is_paired(weight):
            wide = strip.widened(first, past, bins=(before, after), spare=1)
            bins = strip.features.shape[-1]
            convolved = paired.convolve(wide, weight, self.bias)[..., :bins]
        else:
            wide = strip.widened(first, past, bins=(before, after))
            convolved = functional.conv2d(wide, weight, self.bias, self.stride)
        if added is not None:
            convolved = convolved.add_(added)
        return activated(convolved) if self.elu else convolved

    def _of_code(self, code: Tensor) -> Tensor:
        """Return what inputs that are the same in every frame add, shape (outputs, 1, bins)."""
        weight = self.weight[:, -code.shape[1] :].sum(dim=2)
        margins = padding.margins(weight.shape[-1])
        wide = padding.symmetric(code.T[None, :, None], frames=(0, 0), bins=margins)
        return functional.conv2d(wide, weight[:, :, None])[0]


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
        return activated(doubled)


def activated(convolved: Tensor) -> Tensor:
    """Return the ELU of what was convolved, in its place."""
    if is_inferred(convolved):
        return paired.elu(convolved)
    return functional.elu(convolved, inplace=True)
