"""Tell a convolution at which frequency it is: ten cosines over the bins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CODES = 10
"""How many cosines, each of twice the frequency of the one before."""


def frequency_code(bins: int) -> NDArray[np.float32]:
    """Return ``cos(2^j π f / (bins - 1))``, shape (bins, 10).

    Every step is rounded to float32, as the reference rounds it: the argument is off by up to
    1e-4 at the upper end, and a table that is more exact is another network.
    """
    place = np.arange(bins, dtype=np.float32) / np.float32(bins - 1)
    rates = (2.0 ** np.arange(CODES) * np.pi).astype(np.float32)
    return np.cos((place[:, np.newaxis] * rates).astype(np.float64)).astype(np.float32)
