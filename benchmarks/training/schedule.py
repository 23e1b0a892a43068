"""Say how large a step may be: the learning rate is a function of the step's number alone."""

from __future__ import annotations

import math

from benchmarks.training.config import Optimizer


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
