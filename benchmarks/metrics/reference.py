"""Hold the reference that estimates are scored against, and what metrics computed of it once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.floating[Any]]
"""One channel of audio, shape (time,)."""

Value = TypeVar("Value")


class Tracks:
    """One channel of signals of one mixture, and what metrics computed of them once.

    Args:
        signals: Each of shape (time,); not to be changed afterwards.
    """

    def __init__(self, signals: Sequence[Signal]) -> None:
        self.signals = signals
        self._memory: dict[Callable[[Tracks], Any], Any] = {}

    def recall(self, make: Callable[[Tracks], Value]) -> Value:
        """Return ``make(self)``, computed on the first asking only; see ``Truth.recall``."""
        if make not in self._memory:
            self._memory[make] = make(self)
        return cast(Value, self._memory[make])


@dataclass(frozen=True)
class Session:
    """One channel of a mixture of several microphones, each close to the target of its number.

    Attributes:
        microphones: What is handed to a denoiser.
        targets: What it is to return, as many.
        number: Which of the targets is scored.
    """

    microphones: Tracks
    targets: Tracks
    number: int

    @property
    def others(self) -> list[Signal]:
        """The targets beside the one that is scored."""
        return [one for at, one in enumerate(self.targets.signals) if at != self.number]


class Truth:
    """One channel of the clean signal, and the mixture it stands in.

    A metric that wants more of the reference than is here writes a function of the truth at the
    top of its own file and asks ``truth.recall(function)``: the first asking computes, the later
    ones remember. Eight denoisers scored on one mixture so share one analysis.

    Args:
        reference: The clean signal, shape (time,); not to be changed afterwards.
        sampling_rate: Its rate in Hz.
        noisy: The mixture, shape (time,); what improvements are measured from.
        session: The microphones and targets that the mixture is one of, where there are several.

    Attributes:
        estimates: Those of all targets of the session, while one of them is scored.
        library_s: Seconds that metrics spent inside libraries, which no work of ours shortens.
    """

    def __init__(
        self,
        reference: Signal,
        sampling_rate: int,
        *,
        noisy: Signal | None = None,
        session: Session | None = None,
    ) -> None:
        self.reference = reference
        self.sampling_rate = sampling_rate
        self.noisy = noisy
        self.session = session
        self.estimates: Tracks | None = None
        self._memory: dict[Callable[[Truth], Any], Any] = {}
        self.library_s = 0.0
        self._scored: Signal | None = None
        self._of_scored: dict[Callable[[Signal, Truth], Any], Any] = {}

    def recall(self, make: Callable[[Truth], Value]) -> Value:
        """Return ``make(self)``, computed on the first asking only.

        >>> def peak(truth: Truth) -> float:
        ...     print("computed")
        ...     return float(abs(truth.signal).max())
        >>> truth = Truth(np.array([0.25, -0.5]), 44_100)
        >>> truth.recall(peak), truth.recall(peak)
        computed
        (0.5, 0.5)
        """
        if make not in self._memory:
            self._memory[make] = make(self)
        return cast(Value, self._memory[make])

    @contextmanager
    def scoring(self, estimate: Signal, estimates: Tracks | None = None) -> Iterator[None]:
        """Let metrics share what they learn about one estimate, which stays as it is meanwhile.

        Args:
            estimate: The one that is scored.
            estimates: Those of all targets of the session, it among them.
        """
        self._scored, self._of_scored, self.estimates = estimate, {}, estimates
        try:
            yield
        finally:
            self._scored, self._of_scored, self.estimates = None, {}, None

    def shared(self, estimate: Signal, make: Callable[[Signal, Truth], Value]) -> Value:
        """Return ``make(estimate, self)``, computed once for the estimate that is scored.

        >>> def level(estimate: Signal, truth: Truth) -> float:
        ...     print("computed")
        ...     return float(abs(estimate).max())
        >>> truth, estimate = Truth(np.ones(2), 44_100), np.array([0.25, -0.5])
        >>> with truth.scoring(estimate):
        ...     truth.shared(estimate, level), truth.shared(estimate, level)
        computed
        (0.5, 0.5)
        """
        if self._scored is not estimate:
            return make(estimate, self)
        if make not in self._of_scored:
            self._of_scored[make] = make(estimate, self)
        return cast(Value, self._of_scored[make])

    @contextmanager
    def in_library(self) -> Iterator[None]:
        """Count what is done meanwhile as a library's time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.library_s += time.perf_counter() - began

    @cached_property
    def signal(self) -> NDArray[np.float64]:
        """The reference in double precision, shape (time,)."""
        return np.asarray(self.reference, dtype=np.float64)

    @cached_property
    def noise(self) -> NDArray[np.float64]:
        """What the mixture holds beside the reference, shape (time,).

        Raises:
            ValueError: if there is no mixture.
        """
        if self.noisy is None:
            raise ValueError("the noise is what the mixture adds; give it as Truth(…, noisy=…)")
        return np.asarray(self.noisy, dtype=np.float64) - self.signal

    @cached_property
    def energy(self) -> float:
        """The sum of the reference's squared samples."""
        return float(np.dot(self.signal, self.signal))
