"""Change the sampling rate; the one room of the package that knows soxr."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray


def resample(samples: NDArray[np.float64], *, from_rate: int, to_rate: int) -> NDArray[np.float64]:
    """Resample (time,) or (time, channels) with soxr's very high quality; a no-op at one rate."""
    if from_rate == to_rate:
        return samples
    converted: NDArray[np.float64] = soxr.resample(samples, from_rate, to_rate, quality="VHQ")
    return converted
