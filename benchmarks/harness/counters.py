"""Keep account of blocks that pass by: how many samples there were, and what they were."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch


class Counted:
    """Blocks (..., time) that are counted as they pass.

    Attributes:
        samples: How many have passed.
    """

    def __init__(self, blocks: Iterable[Batch]) -> None:
        self._blocks = blocks
        self.samples = 0

    def __iter__(self) -> Iterator[Batch]:
        """Pass the blocks on."""
        for block in self._blocks:
            self.samples += block.shape[-1]
            yield block


class Remembered:
    """Blocks (time, channels) that are kept as they pass until they are asked for."""

    def __init__(self, blocks: Iterable[NDArray[Any]]) -> None:
        self._blocks = blocks
        self._kept: deque[NDArray[Any]] = deque()

    def __iter__(self) -> Iterator[NDArray[Any]]:
        """Pass copies of the blocks on."""
        for block in self._blocks:
            own = block.copy()
            self._kept.append(own)
            yield own

    def take(self, count: int) -> NDArray[Any]:
        """Return the next samples, at least one and no more than have passed, and forget them.

        Returns:
            Shape (count, channels).
        """
        parts = []
        while count:
            block = self._kept.popleft()
            if len(block) > count:
                self._kept.appendleft(block[count:])
            parts.append(block[:count])
            count -= len(parts[-1])
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
