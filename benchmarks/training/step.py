"""One step of the optimiser, or none where loss or gradient are not finite.

The learning rate of a step is a function of the step's number alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from benchmarks.contract import Objective
from benchmarks.training.config import Optimizer
from benchmarks.training.data.loader import Batch
from benchmarks.training.train_state import TrainState


def learning_rate(step: int, optimizer: Optimizer, *, decay_steps: int | None) -> float:
    """Return the learning rate of a step: a linear rise, then constant or half a cosine.

    Args:
        step: Counted from 0.
        optimizer: Height, warm-up, schedule and floor.
        decay_steps: Where the cosine ends; it stays at its floor.

    >>> optimizer = Optimizer(learning_rate=1.0, warmup_steps=4, schedule="cosine", floor=0.1)
    >>> [round(learning_rate(step, optimizer, decay_steps=8), 3) for step in (0, 3, 4, 6, 8, 99)]
    [0.25, 1.0, 1.0, 0.55, 0.1, 0.1]
    """
    rise = min(1.0, (step + 1) / max(1, optimizer.warmup_steps))
    if optimizer.schedule == "constant" or decay_steps is None or rise < 1.0:
        return optimizer.learning_rate * rise
    span = max(1, decay_steps - optimizer.warmup_steps)
    fraction = min(1.0, max(0.0, (step - optimizer.warmup_steps) / span))
    cosine = 0.5 * (1.0 + math.cos(math.pi * fraction))
    return optimizer.learning_rate * (optimizer.floor + (1.0 - optimizer.floor) * cosine)


@dataclass(frozen=True)
class Step:
    """Loss, gradient and duration of a step, the same in all processes.

    Attributes:
        loss: Mean over the batch, before the step.
        grad_norm: Before clipping.
        seconds: That all processes agree on.
        stop_requested: Whether one of them was asked to stop.
    """

    loss: float
    grad_norm: float
    seconds: float
    stop_requested: bool

    @property
    def finite(self) -> bool:
        """Whether the weights were changed."""
        return math.isfinite(self.loss) and math.isfinite(self.grad_norm)


def train_step(
    state: TrainState,
    objective: Objective,
    parts: Sequence[Batch],
    *,
    learning_rate: float,
    clip_norm: float | None,
    seconds: float,
    stop_requested: bool,
) -> Step:
    """Follow the gradient of a batch once, or search along it as often as L-BFGS is to.

    Args:
        state: Network, average of its weights, and optimiser; they are changed.
        objective: What is minimised.
        parts: Of the batch, of equal size; their gradients are added up.
        learning_rate: Of this step.
        clip_norm: A larger gradient is scaled down to this norm.
        seconds: Measured by this process.
        stop_requested: Whether this process was asked to stop.
    """
    engine = state.engine
    for group in state.optimizer.param_groups:
        group["lr"] = learning_rate
    loss = _gradient(state, objective, parts)
    norm = torch.nn.utils.clip_grad_norm_(state.network.parameters(), clip_norm or math.inf)
    measured = torch.stack([loss, loss.new_tensor(seconds), loss.new_tensor(float(stop_requested))])
    mean_loss, mean_seconds, stops = engine.mean(measured).tolist()
    step = Step(mean_loss, float(norm), mean_seconds, stops > 0)
    if step.finite and isinstance(state.optimizer, torch.optim.LBFGS):
        step = _searched(state, objective, parts, step)
    elif step.finite:
        state.optimizer.step()
    if step.finite:
        engine.share_buffers(state.network)
        state.average.update_parameters(state.network)
    state.optimizer.zero_grad(set_to_none=True)
    return step


def _gradient(state: TrainState, objective: Objective, parts: Sequence[Batch]) -> Tensor:
    """Compute the gradient of a batch, and return its loss in this process."""
    engine = state.engine
    loss = torch.zeros((), dtype=torch.float64, device=engine.device)
    for number, part in enumerate(parts, start=1):
        with engine.accumulation(state.prepared, last=number == len(parts)):
            share = objective(state.prepared, engine.to_device(part)) / len(parts)
            engine.backward(share)
        loss += share.detach()
    return loss


def _searched(
    state: TrainState, objective: Objective, parts: Sequence[Batch], before: Step
) -> Step:
    """Search with L-BFGS; where that ends in weights that are not finite, take it back.

    Args:
        state: With the gradient of the batch.
        objective: What is minimised.
        parts: Of the batch.
        before: The loss at the start, and what was measured there.
    """
    optimizer, first = state.optimizer, [before.loss]
    weights = [weight.detach().clone() for weight in state.network.parameters()]

    def loss() -> float:
        if first:  # its gradient is there already
            return first.pop()
        optimizer.zero_grad(set_to_none=True)
        return float(state.engine.mean(_gradient(state, objective, parts)))

    optimizer.step(loss)
    if all(bool(torch.isfinite(weight).all()) for weight in state.network.parameters()):
        return before
    optimizer.state.clear()
    with torch.no_grad():
        for weight, former in zip(state.network.parameters(), weights, strict=True):
            weight.copy_(former)
    return replace(before, loss=math.nan)
