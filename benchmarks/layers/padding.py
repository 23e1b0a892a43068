"""Pad spectra beyond their borders, symmetrically or with zeros, and crop them.

SYMMETRIC padding mirrors with the edge included, ``b a | a b c | c b``, as TensorFlow's ``pad``
means it. torch has no such mode: "reflect" leaves the edge out, and "replicate" is the same for
one line only.
"""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.layers.paired import is_inferred


def margins(kernel: int) -> tuple[int, int]:
    """Return how many lines of padding before and after keep the size under a kernel.

    >>> margins(1), margins(3), margins(7), margins(4)
    ((0, 0), (1, 1), (3, 3), (2, 1))
    """
    return kernel // 2, kernel // 2 - (1 - kernel % 2)


def symmetric(
    features: Tensor, *, frames: tuple[int, int], bins: tuple[int, int], spare: int = 0
) -> Tensor:
    """Mirror the borders outwards, the edge included.

    Args:
        features: Shape (batch, channels, frames, bins); neither axis shorter than a margin.
        frames: Lines before the first frame and after the last.
        bins: Lines before the first bin and after the last.
        spare: Lines after these, of finite numbers that mean nothing.

    >>> symmetric(torch.arange(4.0).reshape(1, 1, 2, 2), frames=(0, 0), bins=(2, 1))[0, 0, 1]
    tensor([3., 2., 2., 3., 3.])
    """
    if max(*frames, *bins, spare) == 0:
        return features
    if is_inferred(features):
        return _written(features, frames=frames, bins=bins, spare=spare)
    if max(*frames, *bins) == 1:
        # Autocast would pad in float32 on a CPU, there and back: 7 % of a training step.
        cast = torch.is_autocast_enabled("cpu") and features.device.type == "cpu"
        with torch.autocast("cpu", enabled=False) if cast else nullcontext():
            margins_and_spare = (bins[0], bins[1] + spare, *frames)
            return functional.pad(features, margins_and_spare, mode="replicate")
    mirrored = _mirrored(_mirrored(features, 2, *frames), 3, *bins)
    return functional.pad(mirrored, (0, spare)) if spare else mirrored


def _mirrored(features: Tensor, axis: int, before: int, after: int) -> Tensor:
    size = features.shape[axis]
    first = features.narrow(axis, 0, before).flip(axis)
    last = features.narrow(axis, size - after, after).flip(axis)
    return torch.cat((first, features, last), axis)


def _written(
    features: Tensor, *, frames: tuple[int, int], bins: tuple[int, int], spare: int
) -> Tensor:
    """Mirror without a gradient: torch's own padding takes three times as long channels last."""
    batch, channels, height, width = features.shape
    shape = (batch, channels, height + sum(frames), width + sum(bins) + spare)
    wide = torch.empty(shape, dtype=features.dtype, memory_format=torch.channels_last)
    (top, bottom), (left, right) = frames, bins
    past, end = top + height, left + width
    wide[:, :, top:past, left:end] = features
    rows = wide[:, :, top:past]
    rows[..., :left] = features[..., :left].flip(3)
    rows[..., end : end + right] = features[..., width - right :].flip(3)
    rows[..., end + right :] = 0
    wide[:, :, :top] = wide[:, :, top : 2 * top].flip(2)
    wide[:, :, past:] = wide[:, :, past - bottom : past].flip(2)
    return wide


def at_least(features: Tensor, *, frames: int, bins: int) -> Tensor:
    """Append zeros until the axes have so many lines; longer ones stay as they are."""
    after = [
        max(0, lines - size)
        for lines, size in zip((frames, bins), features.shape[-2:], strict=True)
    ]
    return functional.pad(features, (0, after[1], 0, after[0])) if any(after) else features


def cropped(features: Tensor, *, frames: int, bins: int) -> Tensor:
    """Cut the last lines off."""
    return features[..., :frames, :bins]
