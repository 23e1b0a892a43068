"""Convolve two neighbouring bins at a time, where a layer has few outputs, and take ELUs in place.

A processor's convolutions compute sixteen outputs of one place at once, so that eight leave half of
it idle. The same kernel twice, the second time one bin further on, makes sixteen outputs of every
second bin out of eight of every bin; channels last, both are the same numbers in the same order.
The zeros that stand where a kernel does not reach change no sum, not by a bit.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

_LANES = 16
_AT_ONCE = 2**16  # numbers, which stay in a processor's second cache from one step to the next


def is_inferred(features: Tensor) -> bool:
    """Tell whether features are computed on a CPU, and no gradient of them is wanted."""
    return features.device.type == "cpu" and not torch.is_grad_enabled()


def is_paired(weight: Tensor) -> bool:
    """Tell whether the outputs of two bins fit where the processor computes those of one."""
    return 2 * weight.shape[0] <= _LANES


def paired(weight: Tensor) -> Tensor:
    """Return the kernel of two bins, shape (2 outputs, inputs, kernel, kernel + 1).

    Args:
        weight: Of one bin, shape (outputs, inputs, kernel, kernel).
    """
    pair = torch.stack([functional.pad(weight, (0, 1)), functional.pad(weight, (1, 0))])
    return pair.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def convolve(wide: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Convolve features that have their borders, and a spare bin of any numbers at the end.

    Args:
        wide: Shape (batch, inputs, frames + kernel - 1, bins + kernel), channels last.
        weight: Shape (outputs, inputs, kernel, kernel).
        bias: Shape (outputs,), if any.

    Returns:
        Shape (batch, outputs, frames, at least bins), channels last; bins beyond are of no use.
    """
    if not is_paired(weight):
        return functional.conv2d(wide, weight, bias)
    twice = None if bias is None else bias.repeat(2)
    pairs = functional.conv2d(wide, paired(weight), twice, stride=(1, 2))
    batch, _, frames, half = pairs.shape
    by_bin = pairs.permute(0, 2, 3, 1).reshape(batch, frames, 2 * half, len(weight))
    return by_bin.permute(0, 3, 1, 2)


def elu(features: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return ``max(x, exp(min(x, 0)) - 1)``, in place by default; no gradient goes through.

    It is torch's own to the rounding of one, in a third of the time, and in float32 for bfloat16.
    Where the exponential rounds to nothing it is not computed: that takes five times as long.

    Args:
        features: Shape (..., frames, bins).
        out: What to write to, of the same shape; the features themselves by default.
    """
    target = features if out is None else out
    kind = torch.float32 if features.dtype == torch.bfloat16 else features.dtype
    lowest = math.log(torch.finfo(kind).eps / 8)
    rows = max(1, _AT_ONCE * features.shape[-2] // max(1, features.numel()))
    for begin in range(0, features.shape[-2], rows):
        part = features[..., begin : begin + rows, :].to(kind)
        below = part.clamp(lowest, 0).exp_().sub_(1)
        place = target[..., begin : begin + rows, :]
        if kind == features.dtype:
            torch.maximum(below, part, out=place)
        else:
            place.copy_(torch.maximum(below, part, out=below))
    return target
