"""Loss of separated magnitudes that also keeps each estimate away from the other target.

Huang et al., IEEE/ACM TASLP 2015, arXiv:1502.04149: for the estimate e of a target t
beside the other target t', with the discriminative weight γ,

    mse  ½ (|e − t|² − γ |e − t'|²)
    kl   D(t‖e) − γ D(t'‖e),    D(a‖b) = a·log((a + 0.001) / (b + 0.001)) − a + b

each a mean over items, targets, frames and bins. The 0.001 is that of the authors' script, which
descends along this gradient, and reports ``a·log(a / (b + 0.001) + 0.001) − a + b + 0.001``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from torch import Tensor
from torch.nn import functional

from mn_dataset.errors import InputError, UnknownName

_OFFSET = 1e-3


@dataclass(frozen=True)
class DiscriminativeLoss:
    """A weighted sum of both divergences.

    Attributes:
        mse: Weight of half the squared error.
        kl: Weight of the generalised Kullback–Leibler divergence.
        discrimination: γ, from 0 to under 1.
    """

    mse: float = 0.0
    kl: float = 0.0
    discrimination: float = 0.0

    def __call__(self, estimates: Tensor, targets: Tensor) -> Tensor:
        """Return the loss, a tensor of no dimension.

        Args:
            estimates: Magnitudes, shape (batch, 2, frames, bins).
            targets: The same of the true targets.
        """
        loss = estimates.new_zeros(())
        for weight, divergence in ((self.mse, half_squares), (self.kl, kullback_leibler)):
            if weight:
                loss = loss + weight * divergence(estimates, targets)
                if self.discrimination:
                    away = divergence(estimates, targets.flip(1))
                    loss = loss - weight * self.discrimination * away
        return loss


def half_squares(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the mean of ``½ (e − t)²``."""
    return 0.5 * functional.mse_loss(estimate, target)


def kullback_leibler(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the mean of ``t·log((t + 0.001) / (e + 0.001)) − t + e``."""
    ratio = (target + _OFFSET).log() - (estimate + _OFFSET).log()
    return (target * ratio - target + estimate).mean()


def discriminative_loss(weights: Sequence[Mapping[str, float]]) -> DiscriminativeLoss:
    """Return the loss that a configuration describes.

    Args:
        weights: One table with the weights ``mse`` and ``kl``, and ``discrimination``.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if there are several tables, a weight is negative, none is above 0, or the
            discriminative weight is 1 or more.

    >>> discriminative_loss([{"kl": 1, "discrimination": 0.05}])
    DiscriminativeLoss(mse=0.0, kl=1, discrimination=0.05)
    """
    names = [field.name for field in fields(DiscriminativeLoss)]
    for name in (name for table in weights for name in table):
        if name not in names:
            raise UnknownName("loss", name, names)
    if len(weights) != 1:
        raise InputError(f"loss has {len(weights)} tables; expected 1: the network has one output")
    loss = DiscriminativeLoss(**weights[0])
    if min(loss.mse, loss.kl) < 0 or not 0 < loss.mse + loss.kl < math.inf:
        raise InputError(
            f"loss has the weights mse {loss.mse:g} and kl {loss.kl:g}; expected one above 0, and "
            "none below"
        )
    if not 0 <= loss.discrimination < 1:
        raise InputError(
            f"discrimination is {loss.discrimination:g}; expected 0 to under 1: from 1 on, the "
            "loss falls without bound as an estimate leaves both targets"
        )
    return loss
