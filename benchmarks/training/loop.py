"""Training loop: make steps, validate, and keep weights and checkpoints, until an end is reached.

Ctrl-C and a scheduler's SIGTERM end the step first, and then the run.
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any

from benchmarks.contract import Objective
from benchmarks.layers import weights_file
from benchmarks.training import checkpoint, launch
from benchmarks.training.config import Config
from benchmarks.training.data.loader import Batch
from benchmarks.training.history import StepRecord
from benchmarks.training.monitor import SHOWN, Monitor
from benchmarks.training.progress import Pace, Progress
from benchmarks.training.run_folder import RunFolder
from benchmarks.training.step import Step, learning_rate, train_step
from benchmarks.training.train_state import TrainState
from benchmarks.training.validate import ValidationScores, Validator, has_learned
from mn_dataset.errors import MnError

INTERRUPTED = "interrupted"
"""Why a run ended that a signal stopped."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_COPIES_S = 2.0  # within which a launcher passes on a signal that its processes got already


class StopRequest:
    """Whether a signal asked the run to stop.

    Attributes:
        received: True from the first signal on.
    """

    def __init__(self) -> None:
        self.received = False
        self._at = 0.0

    def receive(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signals come
        """Note a signal; a second one does not wait for the end of the step.

        Raises:
            KeyboardInterrupt: if it is the second one, and no launcher's copy of the first.
        """
        if not self.received:
            self.received, self._at = True, time.monotonic()
        elif not launch.is_one_of_several() or time.monotonic() - self._at > _COPIES_S:
            raise KeyboardInterrupt


@contextmanager
def deferred_signals() -> Iterator[StopRequest]:
    """Collect signals while in the block; outside the main thread there are none to collect."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    handlers = {number: signal.signal(number, request.receive) for number in _SIGNALS}
    try:
        yield request
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@dataclass
class Loop:
    """One start of a run.

    Attributes:
        model: Registered name of the model.
        config: How to train.
        state: Network, average of its weights, and optimiser.
        objective: What is minimised.
        validator: Scores the averaged weights.
        folder: The run folder.
        pace: How long steps and validations take.
        progress: How far the run has come.
        card_facts: What the card of its weights says, beside steps and scores.
        monitor: TensorBoard, in the process that writes.
        on_progress: Called with (done, all) seconds of work.
    """

    model: str
    config: Config
    state: TrainState
    objective: Objective
    validator: Validator
    folder: RunFolder
    pace: Pace
    progress: Progress
    card_facts: Mapping[str, Any]
    monitor: Monitor | None = None
    on_progress: Callable[[int, int], None] | None = None
    _counted_until: float = field(default=0.0, init=False)

    def run(self, batches: Iterator[list[Batch]], request: StopRequest) -> str:
        """Train, and return why it ended.

        Args:
            batches: The parts of every step from the next one on, without end.
            request: Whether a signal asked to stop.

        Raises:
            MnError: if loss or gradient stay without a finite value.
        """
        self._counted_until = time.monotonic()
        reason = self._end(stop_requested=False)
        while reason is None:
            step = self._step(batches, request)
            reason = self._end(stop_requested=step.stop_requested)
            self._after(step, reason)
            reason = reason or self._end(
                stop_requested=False
            )  # a validation may have been the last
        if reason != INTERRUPTED:
            self._conclude()
        return reason

    def _step(self, batches: Iterator[list[Batch]], request: StopRequest) -> Step:
        before, optimizer, began = self.progress, self.config.optimizer, time.monotonic()
        parts = next(batches)
        elapsed = self._elapsed()
        self._counted_until += elapsed
        step = train_step(
            self.state,
            self.objective,
            parts,
            learning_rate=self._learning_rate(before.step),
            clip_norm=optimizer.clip_norm,
            seconds=elapsed,
            stop_requested=request.received,
        )
        self.pace.add_step(time.monotonic() - began)
        self.progress = replace(
            before,
            step=before.step + 1,
            seconds=before.seconds + step.seconds,
            skipped=before.skipped + (not step.finite),
            skipped_in_a_row=0 if step.finite else before.skipped_in_a_row + 1,
        )
        if self.progress.skipped_in_a_row >= optimizer.max_skipped:
            raise MnError(
                f"step {self.progress.step}: loss or gradient was not finite in "
                f"{optimizer.max_skipped} steps in a row; lower learning_rate or clip_norm in "
                "[optimizer], or train in float32; the latest checkpoint stands in "
                f"{self.folder.checkpoints}"
            )
        return step

    def _end(self, *, stop_requested: bool) -> str | None:
        """Return why there is no further step, None if there is one."""
        progress, limits = self.progress, self.config.limits
        last, minutes = self.pace.last_step, limits.max_minutes
        patience = self.config.validation.patience
        ends = {
            INTERRUPTED: stop_requested,
            "all steps are done": last is not None and progress.step >= last,
            "the time is up": minutes is not None and progress.seconds >= 60.0 * minutes,
            "validation got no better": patience is not None and progress.stale >= patience,
        }
        return next((reason for reason, holds in ends.items() if holds), None)

    def _after(self, step: Step, reason: str | None) -> None:
        """Validate, record and save what is due after a step."""
        progress, began = self.progress, time.monotonic()
        record = StepRecord(
            step=progress.step,
            epoch=self.pace.epoch(progress.step),
            loss=step.loss,
            learning_rate=self._learning_rate(progress.step - 1),
            grad_norm=step.grad_norm,
            skipped=int(not step.finite),
            seconds=progress.seconds,
        )
        is_due = progress.step % self.config.validation.every_steps == 0
        validates = is_due or reason not in (None, INTERRUPTED)
        if validates:
            scores = self._validate()
            record = replace(record, si_sdr_db=scores.mean_db, gain_db=scores.mean_gain_db)
        self._record(record)
        if validates or reason or progress.step % self.config.limits.checkpoint_steps == 0:
            self._save_checkpoint()
        if validates:
            self.pace.add_validation(time.monotonic() - began)
        if self.on_progress:
            remaining_s = self.pace.remaining_s(progress.step, progress.seconds)
            self.on_progress(round(progress.seconds), round(progress.seconds + remaining_s))

    def _conclude(self) -> None:
        """Validate where a run ends that was stopped there, or that is now to be no longer."""
        if self.progress.validated_step == self.progress.step:
            return
        scores = self._validate()
        if self.state.engine.is_main:
            self.folder.history.amend(
                self.progress.step, si_sdr_db=scores.mean_db, gain_db=scores.mean_gain_db
            )
            checkpoint.amend_progress(self.folder.checkpoints, self._timed_progress())

    def _validate(self) -> ValidationScores:
        """Score the averaged weights, and write them if they are the best so far."""
        scores = self.validator.score(self.state.average.module)
        gain_db = scores.mean_gain_db
        progress = replace(self.progress, validated_step=self.progress.step)
        if gain_db > (-math.inf if progress.best_db is None else progress.best_db):
            self.progress = replace(progress, best_db=gain_db, best_step=progress.step, stale=0)
            self._write_weights(scores)
        else:
            self.progress = replace(progress, stale=progress.stale + 1)
        return scores

    def _write_weights(self, scores: ValidationScores) -> None:
        if not self.state.engine.is_main:
            return
        facts = {
            **self.card_facts,
            "steps": self.progress.step,
            "validation": {
                "mixtures": len(scores.noisy_db),
                "si_sdr_db": round(scores.mean_db, 4),
                "gain_db": round(scores.mean_gain_db, 4),
                "learned": has_learned(scores),
            },
        }
        path = self.folder.root / weights_file.WEIGHTS_NAME
        network = self.state.average.module
        weights_file.save(path, network, model=self.model, facts=facts)

    def _record(self, record: StepRecord) -> None:
        if self.monitor is None:
            return
        self.folder.history.append(record)
        if record.step % self.config.limits.log_steps == 0:
            self.monitor.add_step(record)
        if record.gain_db is not None:
            self.monitor.add_validation(record)
            for index, example in enumerate(self.validator.examples[:SHOWN]):
                estimates = self.validator.estimate(self.state.average.module, index)
                named = example.named(estimates.float().cpu().numpy())
                for name, wave in named.items():
                    title = "estimate" if len(named) == 1 else f"estimate_of_{name}"
                    self.monitor.add_audio(f"mixture_{index}/{title}", wave, step=record.step)

    def _save_checkpoint(self) -> None:
        tensors = self.state.tensors()  # of all processes together
        if self.state.engine.is_main:
            keep = self.config.limits.keep_last
            progress = self._timed_progress()
            checkpoint.save(self.folder.checkpoints, tensors, progress, keep=keep)

    def _timed_progress(self) -> Progress:
        """Return the progress with the seconds of work until now."""
        return replace(self.progress, seconds=self.progress.seconds + self._elapsed())

    def _elapsed(self) -> float:
        """Return the seconds of work that ``progress`` does not hold yet."""
        return time.monotonic() - self._counted_until

    def _learning_rate(self, step: int) -> float:
        return learning_rate(step, self.config.optimizer, decay_steps=self.config.decay_steps)
