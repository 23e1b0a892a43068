"""Convolve two neighbouring bins at a time, where a layer has few outputs, and take ELUs in place.

A processor's convolutions compute sixteen outputs of one place at once, so that eight leave half of
it idle. The same kernel twice, the second time one bin further on, makes sixteen outputs of every
second bin out of eight of every bin; channels last, both are the same numbers in the same order.
The zeros that stand where a kernel does not reach change no sum, not by a bit.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

_LANES = 16
_NEARLY_MINUS_ONE = -18.0  # 1.5e-8 more than -1; exponentials of far less take five times as long


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

    To 6e-8 what torch's own is, which takes twice as long, and longer where the numbers lie apart.

    Args:
        features: Any shape.
        out: What to write to, of the same shape; the features themselves by default.
    """
    target = features if out is None else out
    if features.dtype != torch.float32:  # one less would cost them digits
        return (
            target.copy_(functional.elu(features)) if out is not None else functional.elu_(features)
        )
    below = features.clamp(_NEARLY_MINUS_ONE, 0).exp_().sub_(1)
    return torch.maximum(below, features, out=target)
