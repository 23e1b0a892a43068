"""Progress of a training run: how far it has come, and how long the rest will take."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass, fields

from benchmarks.training.config import Config

_RECENT_STEPS, _RECENT_VALIDATIONS = 50, 3
_FORWARD_SHARE = 1 / 3  # of a step's time, until a validation has been timed


@dataclass(frozen=True)
class Progress:
    """How far a run has come; the next step's batch and learning rate follow from ``step``.

    Attributes:
        step: Steps done.
        seconds: Of work, validation included, over all resumes.
        best_db: The best mean gain in validation, None before the first.
        best_step: After how many steps it was reached.
        stale: Validations since then.
        skipped: Steps without a finite loss and gradient, in all.
        skipped_in_a_row: The latest of them.
        validated_step: After how many steps the latest validation was.
    """

    step: int = 0
    seconds: float = 0.0
    best_db: float | None = None
    best_step: int = 0
    stale: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    validated_step: int = 0

    def __post_init__(self) -> None:
        """Refuse values that no run can have reached.

        Raises:
            ValueError: naming the field.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            is_count = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            is_number = is_count or (isinstance(value, float) and math.isfinite(value))
            is_gain = is_number or (value is None and field.name == "best_db")
            if not (is_gain if field.name in ("seconds", "best_db") else is_count):
                raise ValueError(f"{field.name} is {value!r}")
        if self.seconds < 0.0:
            raise ValueError(f"seconds is {self.seconds!r}; expected 0 or more")
        for name in ("best_step", "stale", "skipped", "skipped_in_a_row", "validated_step"):
            if getattr(self, name) > self.step:
                raise ValueError(
                    f"{name} is {getattr(self, name)}; expected at most the step, {self.step}"
                )


class Pace:
    """How long the latest steps and validations took, and the steps that are left.

    Args:
        config: Limits, and when validations come.
        steps_per_epoch: Steps of one epoch.
    """

    def __init__(self, config: Config, *, steps_per_epoch: int) -> None:
        self._config, self._steps_per_epoch = config, steps_per_epoch
        self._steps_s: deque[float] = deque(maxlen=_RECENT_STEPS)
        self._validations_s: deque[float] = deque(maxlen=_RECENT_VALIDATIONS)

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
        """Note the duration of a step, the wait for its batch included."""
        self._steps_s.append(seconds)

    def add_validation(self, seconds: float) -> None:
        """Note the duration of a validation and the checkpoint after it."""
        self._validations_s.append(seconds)

    def remaining_s(self, step: int, seconds: float) -> float:
        """Return the seconds that are left, unless early stopping comes first.

        Args:
            step: Steps done.
            seconds: Of work done.
        """
        bounds = []
        if self.last_step is not None and self._steps_s:
            steps = max(0, self.last_step - step)
            validations = steps / self._config.validation.every_steps
            bounds.append(
                steps * statistics.median(self._steps_s) + validations * self._validation_s()
            )
        if self._config.limits.max_minutes is not None:
            bounds.append(max(0.0, 60.0 * self._config.limits.max_minutes - seconds))
        return min(bounds, default=0.0)

    def _validation_s(self) -> float:
        if self._validations_s:
            return statistics.median(self._validations_s)
        data, validation = self._config.data, self._config.validation
        audio_s = validation.mixtures * validation.seconds
        relative = audio_s / (data.batch * data.segment_s)
        return _FORWARD_SHARE * relative * statistics.median(self._steps_s)
