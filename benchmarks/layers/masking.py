"""Context frames in front of a network of magnitudes, and the layer of masks behind it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

TARGETS = 2
"""Voice and accompaniment."""

_FLOOR = 1e-10  # that of the authors' script


def in_context(magnitude: Tensor, frames: int) -> Tensor:
    """Return every frame with its neighbours; beyond both ends there is silence.

    Args:
        magnitude: Shape (batch, time frames, bins).
        frames: How many of them stand together, odd.

    Returns:
        Shape (batch, time frames, frames, bins), the earliest neighbour first.
    """
    side = frames // 2
    return functional.pad(magnitude, (0, 0, side, side)).unfold(1, frames, 1).transpose(2, 3)


def by_target(values: Tensor) -> Tensor:
    """Return a network's outputs target by target.

    Args:
        values: Shape (batch, frames, targets · bins), all bins of a target side by side.

    Returns:
        Shape (batch, targets, frames, bins).
    """
    return values.reshape(*values.shape[:2], TARGETS, -1).transpose(1, 2)


def masked(outputs: Tensor, mixture: Tensor) -> Tensor:
    """Return the shares of a mixture: ``|h_k| / (|h_1| + |h_2| + 1e-10) · z``.

    Huang et al., "Singing-Voice Separation from Monaural Recordings using Deep Recurrent Neural
    Networks", ISMIR 2014. Where both outputs are 0, each target takes half.

    Args:
        outputs: ``h`` of any sign, shape (batch, targets, frames, bins).
        mixture: Magnitudes ``z``, shape (batch, frames, bins).

    Returns:
        Shape of the outputs, type of the mixture; their sum over the targets is the mixture.
    """
    sizes = outputs.to(mixture.dtype).abs()
    whole = sizes.sum(dim=1, keepdim=True)
    shares = torch.where(whole > 0, sizes / (whole + _FLOOR), 1 / sizes.shape[1])
    return shares * mixture.unsqueeze(1)
