"""Keep a moving average of the weights: what is validated and shipped."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

Tensors = list[Tensor] | tuple[Tensor, ...]

_FIRST = 10.0  # after n updates the memory is at most n + 1 of n + 10: short at the beginning


def averaged(network: torch.nn.Module, *, decay: float) -> AveragedModel:
    """Return a network whose weights follow another's: e ← d·e + (1 − d)·w after every step.

    The memory d is ``decay`` at the most, and (1 + n) / (10 + n) after n steps, so that the first
    weights are soon forgotten. The other's buffers are copied.

    Args:
        network: What is trained.
        decay: The memory in the long run.
    """

    @torch.no_grad()
    def follow(averages: Tensors, weights: Tensors, steps: Tensor | int) -> None:
        taken = float(steps)
        torch._foreach_lerp_(averages, weights, 1.0 - min(decay, (1 + taken) / (_FIRST + taken)))

    return AveragedModel(network, multi_avg_fn=follow)
