"""Make one step of the optimiser, or none where loss or gradient are not finite."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.training.batches import Batch
from benchmarks.training.learner import Learner
from benchmarks.training.objective import Denoising


@dataclass(frozen=True)
class Step:
    """What a step was, the same in all processes.

    Attributes:
        loss: Mean over the batch, before the step.
        grad_norm: Before clipping.
        seconds: That all processes agree on.
        asked: Whether one of them was asked for the end.
    """

    loss: float
    grad_norm: float
    seconds: float
    asked: bool

    @property
    def finite(self) -> bool:
        """Whether the weights were changed."""
        return math.isfinite(self.loss) and math.isfinite(self.grad_norm)


def take(
    learner: Learner,
    objective: Denoising,
    parts: Sequence[Batch],
    *,
    learning_rate: float,
    clip_norm: float | None,
    seconds: float,
    asked: bool,
) -> Step:
    """Follow the gradient of a batch once.

    Args:
        learner: What learns.
        objective: What it is to make small.
        parts: Of the batch, of equal size; their gradients are added up.
        learning_rate: Of this step.
        clip_norm: A larger gradient is scaled down to this norm.
        seconds: Measured by this process.
        asked: Whether this process was asked for the end.
    """
    engine = learner.engine
    for group in learner.optimizer.param_groups:
        group["lr"] = learning_rate
    loss = torch.zeros((), dtype=torch.float64, device=engine.device)
    for number, part in enumerate(parts, start=1):
        with engine.accumulating(learner.called, last=number == len(parts)):
            share = objective(learner.called, engine.moved(part)) / len(parts)
            engine.backward(share)
        loss += share.detach()
    norm = torch.nn.utils.clip_grad_norm_(learner.network.parameters(), clip_norm or math.inf)
    told = torch.stack([loss, loss.new_tensor(seconds), loss.new_tensor(float(asked))])
    mean, agreed, stops = engine.mean(told).tolist()
    step = Step(mean, float(norm), agreed, stops > 0)
    if step.finite:
        learner.optimizer.step()
        learner.average.update_parameters(learner.network)
    learner.optimizer.zero_grad(set_to_none=True)
    return step
