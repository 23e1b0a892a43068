"""Spare music that is nearly clean: where a network would take little, it takes less.

A network errs by some part of what it hears, noise or none. Where all that it would remove is no
more than that part, it is as likely music as noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_REACH = 43
"""Frames before and after, half a second, that the power is averaged over."""
_EPS = 1e-12


def spared(spectra: Tensor, estimates: Tensor, spare_db: Sequence[float]) -> Tensor:
    """Return estimates with some of what was removed put back, by frames.

    Args:
        spectra: Of the mixtures: real and imaginary parts, shape (batch, 2, frames, bins).
        estimates: Of the clean layers, of the same shape.
        spare_db: Power of what was removed over that of the mixture, within half a second on either
            side, in dB: up to the first all of it is put back, from the second on nothing.

    Returns:
        Shape (batch, 2, frames, bins).
    """
    removed = spectra - estimates
    before, after = (_nearby(part.square().sum(dim=(1, 3))) for part in (spectra, removed))
    share_db = 10.0 * ((after + _EPS) / (before + _EPS)).log10()
    low, high = spare_db
    taken = ((share_db - low) / (high - low)).clamp(0.0, 1.0)
    return torch.addcmul(spectra, taken[:, None, :, None], removed, value=-1.0)


def _nearby(power: Tensor) -> Tensor:
    """Return means over neighbouring frames, over fewer at the ends; shape (batch, frames)."""
    return functional.avg_pool1d(
        power[:, None], 2 * _REACH + 1, stride=1, padding=_REACH, count_include_pad=False
    )[:, 0]
