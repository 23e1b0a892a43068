"""Take steps until an end is reached: learn, validate, keep the best, and stop in one piece."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.layers import weights_file
from benchmarks.training import checkpoint
from benchmarks.training.checkpoint import Progress
from benchmarks.training.config import Config
from benchmarks.training.data.loader import Batch
from benchmarks.training.history import Point
from benchmarks.training.losses import Denoising
from benchmarks.training.monitor import SHOWN, Monitor
from benchmarks.training.progress import Pace
from benchmarks.training.run_folder import RunFolder
from benchmarks.training.signals import Request
from benchmarks.training.step import Step, learning_rate, take
from benchmarks.training.train_state import Learner
from benchmarks.training.validate import Scores, Validator, learned
from benchmarks.training.writing import written
from mn_dataset.errors import MnError

INTERRUPTED = "interrupted"
"""Why a run stopped that somebody stopped."""


@dataclass
class Loop:
    """One start of a run.

    Attributes:
        model: Registered name of the model.
        config: How to train.
        learner: What learns.
        objective: What it is to make small.
        validator: What it is judged by.
        folder: Where everything is kept.
        pace: How long it takes.
        progress: How far it has come.
        facts: What the card of its weights says, beside steps and scores.
        monitor: TensorBoard, in the process that writes.
        tell: Called with (done, all) seconds of work.
    """

    model: str
    config: Config
    learner: Learner
    objective: Denoising
    validator: Validator
    folder: RunFolder
    pace: Pace
    progress: Progress
    facts: Mapping[str, Any]
    monitor: Monitor | None = None
    tell: Callable[[int, int], None] | None = None
    _clock: float = field(default=0.0, init=False)

    def run(self, batches: Iterator[list[Batch]], request: Request) -> str:
        """Train, and return why it ended.

        Args:
            batches: The parts of every step from the next one on, without end.
            request: Whether somebody asked for the end.

        Raises:
            MnError: if loss or gradient stay without a finite value.
        """
        self._clock = time.monotonic()
        reason = self._end(asked=False)
        while reason is None:
            step = self._step(batches, request)
            reason = self._end(asked=step.asked)
            self._after(step, reason)
            reason = reason or self._end(asked=False)  # a validation may have been the last
        if reason != INTERRUPTED:
            self._conclude()
        return reason

    def _step(self, batches: Iterator[list[Batch]], request: Request) -> Step:
        done, chosen, began = self.progress, self.config.optimizer, time.monotonic()
        parts = next(batches)
        elapsed = self._elapsed()
        self._clock += elapsed
        step = take(
            self.learner,
            self.objective,
            parts,
            learning_rate=self._rate(done.step),
            clip_norm=chosen.clip_norm,
            seconds=elapsed,
            asked=request.made,
        )
        self.pace.add_step(time.monotonic() - began)
        self.progress = replace(
            done,
            step=done.step + 1,
            seconds=done.seconds + step.seconds,
            skipped=done.skipped + (not step.finite),
            skipped_in_a_row=0 if step.finite else done.skipped_in_a_row + 1,
        )
        if self.progress.skipped_in_a_row >= chosen.max_skipped:
            raise MnError(
                f"step {done.step + 1}: loss or gradient was not finite in {chosen.max_skipped} "
                "steps in a row; lower learning_rate or clip_norm in [optimizer], or train in "
                f"float32; the latest checkpoint stands in {self.folder.checkpoints}"
            )
        return step

    def _end(self, *, asked: bool) -> str | None:
        """Return why there is no further step, None if there is one."""
        done, limits = self.progress, self.config.limits
        last, minutes = self.pace.last_step, limits.max_minutes
        patience = self.config.validation.patience
        ends = {
            INTERRUPTED: asked,
            "all steps are done": last is not None and done.step >= last,
            "the time is up": minutes is not None and done.seconds >= 60.0 * minutes,
            "validation got no better": patience is not None and done.stale >= patience,
        }
        return next((reason for reason, holds in ends.items() if holds), None)

    def _after(self, step: Step, reason: str | None) -> None:
        """Validate, keep and tell what is due after a step."""
        done, began = self.progress, time.monotonic()
        point = Point(
            step=done.step,
            epoch=self.pace.epoch(done.step),
            loss=step.loss,
            learning_rate=self._rate(done.step - 1),
            grad_norm=step.grad_norm,
            skipped=int(not step.finite),
            seconds=done.seconds,
        )
        due = done.step % self.config.validation.every_steps == 0
        validates = due or reason not in (None, INTERRUPTED)
        if validates:
            scores = self._validate()
            point = replace(point, si_sdr_db=scores.mean_db, gain_db=scores.mean_gain_db)
        self._record(point)
        if validates or reason or done.step % self.config.limits.checkpoint_steps == 0:
            self._keep()
        if validates:
            self.pace.add_validation(time.monotonic() - began)
        if self.tell:
            left = self.pace.left_s(done.step, done.seconds)
            self.tell(round(done.seconds), round(done.seconds + left))

    def _conclude(self) -> None:
        """Validate where a run ends that was stopped there, or that is now to be no longer."""
        if self.progress.validated_step == self.progress.step:
            return
        scores = self._validate()
        if self.learner.engine.is_main:
            self.folder.history.amend(
                self.progress.step, si_sdr_db=scores.mean_db, gain_db=scores.mean_gain_db
            )
            done = replace(self.progress, seconds=self.progress.seconds + self._elapsed())
            checkpoint.amend(self.folder.checkpoints, done)

    def _validate(self) -> Scores:
        """Score the averaged weights, and keep them if there were none better."""
        scores = self.validator.score(self.learner.average.module)
        done, gain = replace(self.progress, validated_step=self.progress.step), scores.mean_gain_db
        if gain > (-math.inf if done.best_db is None else done.best_db):
            self.progress = replace(done, best_db=gain, best_step=done.step, stale=0)
            self._ship(scores)
        else:
            self.progress = replace(done, stale=done.stale + 1)
        return scores

    def _ship(self, scores: Scores) -> None:
        if not self.learner.engine.is_main:
            return
        told = {
            "steps": self.progress.step,
            "validation": {
                "mixtures": len(scores.noisy_db),
                "si_sdr_db": round(scores.mean_db, 4),
                "gain_db": round(scores.mean_gain_db, 4),
                "learned": learned(scores),
            },
        }
        path = self.folder.root / weights_file.WEIGHTS_NAME
        network = self.learner.average.module
        with written(path):
            weights_file.save(path, network, model=self.model, facts={**self.facts, **told})

    def _record(self, point: Point) -> None:
        if self.monitor is None:
            return
        self.folder.history.append(point)
        if point.step % self.config.limits.log_steps == 0:
            self.monitor.point(point)
        if point.gain_db is not None:
            self.monitor.validation(point)
            for number in range(min(SHOWN, len(self.validator.examples))):
                estimate = self.validator.estimate(self.learner.average.module, number)
                self.monitor.audio(f"mixture_{number}/estimate", estimate, step=point.step)

    def _keep(self) -> None:
        tensors = self.learner.tensors()  # of all processes together
        if self.learner.engine.is_main:
            done = replace(self.progress, seconds=self.progress.seconds + self._elapsed())
            keep = self.config.limits.keep_last
            checkpoint.save(self.folder.checkpoints, tensors, done, keep=keep)

    def _elapsed(self) -> float:
        """Return the seconds of work that ``progress`` does not hold yet."""
        return time.monotonic() - self._clock

    def _rate(self, step: int) -> float:
        return learning_rate(step, self.config.optimizer, decay_steps=self.config.decay_steps)
