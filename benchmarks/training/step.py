"""Make one step of the optimiser, or none where loss or gradient are not finite.

Say how large a step may be: the learning rate is a function of the step's number alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from benchmarks.training.config import Optimizer
from benchmarks.training.data.loader import Batch
from benchmarks.training.losses import Denoising
from benchmarks.training.train_state import Learner


def learning_rate(step: int, optimizer: Optimizer, *, decay_steps: int | None) -> float:
    """Return the learning rate of a step: a linear rise, then constant or half a cosine.

    Args:
        step: Counted from 0.
        optimizer: Height, warm-up, schedule and floor.
        decay_steps: Where the cosine ends; it stays at its floor.

    >>> chosen = Optimizer(learning_rate=1.0, warmup_steps=4, schedule="cosine", floor=0.1)
    >>> [round(learning_rate(step, chosen, decay_steps=8), 3) for step in (0, 3, 4, 6, 8, 99)]
    [0.25, 1.0, 1.0, 0.55, 0.1, 0.1]
    """
    risen = min(1.0, (step + 1) / max(1, optimizer.warmup_steps))
    if optimizer.schedule == "constant" or decay_steps is None or risen < 1.0:
        return optimizer.learning_rate * risen
    span = max(1, decay_steps - optimizer.warmup_steps)
    done = min(1.0, max(0.0, (step - optimizer.warmup_steps) / span))
    cosine = 0.5 * (1.0 + math.cos(math.pi * done))
    return optimizer.learning_rate * (optimizer.floor + (1.0 - optimizer.floor) * cosine)


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
