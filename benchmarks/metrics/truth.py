"""Hold one clean signal, with whatever the metrics learned about it, so it is analysed once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.floating[Any]]
"""One channel of audio, shape (time,)."""

Made = TypeVar("Made")


class Truth:
    """One channel of the clean signal, and the mixture it stands in.

    A metric that wants more of the reference than is here writes a function of the truth at the
    top of its own file and asks ``truth.recall(function)``: the first asking computes, the later
    ones remember. Eight denoisers scored on one mixture so share one analysis.

    Args:
        reference: The clean signal, shape (time,); not to be changed afterwards.
        sampling_rate: Its rate in Hz.
        noisy: The mixture, shape (time,); what improvements are measured from.
    """

    def __init__(
        self, reference: Signal, sampling_rate: int, *, noisy: Signal | None = None
    ) -> None:
        self.reference = reference
        self.sampling_rate = sampling_rate
        self.noisy = noisy
        self._memory: dict[Callable[[Truth], Any], Any] = {}

    def recall(self, make: Callable[[Truth], Made]) -> Made:
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
        return cast(Made, self._memory[make])

    @cached_property
    def signal(self) -> NDArray[np.float64]:
        """The reference in double precision, shape (time,)."""
        return np.asarray(self.reference, dtype=np.float64)

    @cached_property
    def energy(self) -> float:
        """The sum of the reference's squared samples."""
        return float(np.dot(self.signal, self.signal))
