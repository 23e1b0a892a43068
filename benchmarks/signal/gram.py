"""Sum the products of signals over time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_SAMPLES_AT_ONCE = 1 << 18


def gram(signals: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the product of signals with each other, summed in float64 piece by piece.

    Args:
        signals: float32, shape (signals, time).

    Returns:
        float64, shape (signals, signals).

    >>> gram(np.array([[1, 2], [0, 3]], np.float32)).tolist()
    [[5.0, 6.0], [6.0, 9.0]]
    """
    products = np.zeros((len(signals), len(signals)))
    for start in range(0, signals.shape[-1], _SAMPLES_AT_ONCE):
        piece = signals[:, start : start + _SAMPLES_AT_ONCE].astype(np.float64)
        products += piece @ piece.T
    return products
