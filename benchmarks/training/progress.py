"""Tell honestly how long a run will take: from its latest steps, validations, and limits."""

from __future__ import annotations

import statistics
from collections import deque

from benchmarks.training.config import Config

_STEPS, _VALIDATIONS = 50, 3
_FORWARD = 1 / 3  # share of a step that goes forward, until a validation has been timed


class Pace:
    """Remembers how long the latest steps and validations took.

    Args:
        config: Limits, and when validations come.
        steps_per_epoch: Steps of one epoch.
    """

    def __init__(self, config: Config, *, steps_per_epoch: int) -> None:
        self._config, self._steps_per_epoch = config, steps_per_epoch
        self._steps: deque[float] = deque(maxlen=_STEPS)
        self._validations: deque[float] = deque(maxlen=_VALIDATIONS)

    @property
    def last_step(self) -> int | None:
        """The step that a limit makes the last, if one does."""
        limits = self._config.limits
        epochs = None if limits.max_epochs is None else limits.max_epochs * self._steps_per_epoch
        ends = [end for end in (limits.max_steps, epochs) if end is not None]
        return min(ends, default=None)

    def epoch(self, step: int) -> int:
        """Return the epoch of a step, both counted: steps from 1, epochs from 0."""
        return (step - 1) // self._steps_per_epoch

    def add_step(self, seconds: float) -> None:
        """Remember a step, the wait for its batch included."""
        self._steps.append(seconds)

    def add_validation(self, seconds: float) -> None:
        """Remember a validation and the checkpoint after it."""
        self._validations.append(seconds)

    def left_s(self, step: int, seconds: float) -> float:
        """Return the seconds that are left, unless early stopping comes first.

        Args:
            step: Steps done.
            seconds: Of work done.
        """
        bounds = []
        if self.last_step is not None and self._steps:
            steps = max(0, self.last_step - step)
            validations = steps / self._config.validation.every_steps
            bounds.append(
                steps * statistics.median(self._steps) + validations * self._validation_s()
            )
        if self._config.limits.max_minutes is not None:
            bounds.append(max(0.0, 60.0 * self._config.limits.max_minutes - seconds))
        return min(bounds, default=0.0)

    def _validation_s(self) -> float:
        if self._validations:
            return statistics.median(self._validations)
        data, held = self._config.data, self._config.validation
        heard = held.mixtures * held.seconds / (data.batch * data.segment_s)
        return _FORWARD * heard * statistics.median(self._steps)
