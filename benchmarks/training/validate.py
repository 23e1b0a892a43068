"""Validate a network on mixtures that it never learned from, and decide whether it has learned."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contract import Objective
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.training.data.base import Example, Samples
from benchmarks.training.engine import Engine

LEARNED_DB = 0.1
"""Mean gain from which on a network can have learned; rounding alone gives a copy of its input
some millionths."""

_QUANTILE = 1.645  # one-sided 95 % of a normal distribution


@dataclass(frozen=True)
class ValidationScores:
    """SI-SDR of a network's estimates of the validation mixtures, and of the mixtures.

    Where a mixture has several targets, the mean over those that have one.

    Attributes:
        si_sdr_db: Of every estimate; NaN where it is undefined.
        noisy_db: Of every mixture itself.
    """

    si_sdr_db: tuple[float, ...]
    noisy_db: tuple[float, ...]

    @property
    def gains_db(self) -> list[float]:
        """Gains over the mixtures that have a score; NaN where the estimate has none."""
        pairs = zip(self.si_sdr_db, self.noisy_db, strict=True)
        return [estimate - noisy for estimate, noisy in pairs if math.isfinite(noisy)]

    @property
    def mean_gain_db(self) -> float:
        """The mean gain; −∞ if an estimate has no score, so that it is never the best."""
        gains = self.gains_db
        mean = sum(gains) / len(gains) if gains else math.nan
        return mean if math.isfinite(mean) else -math.inf

    @property
    def mean_db(self) -> float:
        """Mean SI-SDR of the estimates that have a score."""
        defined = [value for value in self.si_sdr_db if math.isfinite(value)]
        return sum(defined) / len(defined) if defined else math.nan


class Validator:
    """Scores networks on fixed mixtures.

    Args:
        examples: The mixtures.
        objective: What makes estimates with a network.
        engine: Where networks are; several processes share the mixtures.
        sampling_rate: Of the mixtures in Hz.

    Attributes:
        noisy_db: SI-SDR of the mixtures themselves.
    """

    def __init__(
        self,
        examples: Sequence[Example],
        objective: Objective,
        engine: Engine,
        *,
        sampling_rate: int,
    ) -> None:
        self.examples, self._objective, self._engine = examples, objective, engine
        self._references = [
            [Truth(clean, sampling_rate) for clean in _signals(example.clean)]
            for example in examples
        ]
        self._noisy_db = [
            [si_sdr(noisy, truth).value for noisy, truth in zip(_inputs(one), truths, strict=True)]
            for one, truths in zip(examples, self._references, strict=True)
        ]
        self.noisy_db = tuple(map(_mean, self._noisy_db, self._noisy_db))

    def score(self, network: torch.nn.Module) -> ValidationScores:
        """Score a network's estimates, made as inference makes them."""
        values = torch.zeros(len(self.examples), dtype=torch.float64)
        network.eval()
        for index in range(self._engine.rank, len(self.examples), self._engine.processes):
            estimates = _signals(self.estimate(network, index).cpu().numpy())
            pairs = zip(estimates, self._references[index], strict=True)
            scores = [si_sdr(estimate, truth).value for estimate, truth in pairs]
            values[index] = _mean(scores, self._noisy_db[index])
        total = self._engine.total(values.to(self._engine.device))
        return ValidationScores(tuple(total.tolist()), self.noisy_db)

    def estimate(self, network: torch.nn.Module, index: int) -> Tensor:
        """Return the estimate of one mixture, float32 (time,) or (targets, time)."""
        noisy = torch.from_numpy(self.examples[index].noisy).to(self._engine.device)
        with torch.inference_mode():
            estimate: Tensor = self._objective.estimate(network, noisy[None])[0]
        return estimate


def _inputs(example: Example) -> NDArray[np.float64]:
    """Return what stands for each target before anything is done, shape (targets, time)."""
    inputs = _signals(example.noisy)
    return inputs[np.arange(len(example.targets)) % len(inputs)]


def _signals(samples: Samples) -> NDArray[np.float64]:
    """Return signals in double precision, shape (signals, time)."""
    return np.atleast_2d(samples).astype(np.float64)


def _mean(scores: Sequence[float], noisy: Sequence[float]) -> float:
    """Return the mean over the targets on which the mixture has a score; NaN if there is none.

    >>> _mean([3.0, math.nan], [1.0, math.nan])
    3.0
    """
    values = [one for one, before in zip(scores, noisy, strict=True) if math.isfinite(before)]
    return sum(values) / len(values) if values else math.nan


def has_learned(scores: ValidationScores) -> bool:
    """Decide whether a network surely makes mixtures better: the test of learning.

    The mean gain is above ``LEARNED_DB``, and above 0 by more than 1.645 of its standard errors. A
    network that returns its input gains nothing, and fails.

    >>> has_learned(ValidationScores((5.0, 7.0, 6.5), (4.0, 5.5, 5.0)))
    True
    >>> has_learned(ValidationScores((4.0, 5.5), (4.0, 5.5)))
    False
    """
    gains = np.asarray(scores.gains_db)
    if gains.size < 2:
        return False
    error = gains.std(ddof=1) / math.sqrt(gains.size)
    return bool(gains.mean() > max(LEARNED_DB, _QUANTILE * error))
