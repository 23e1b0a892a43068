"""Estimate the noise from the quiet moments of each frequency, once for a whole clip."""

from __future__ import annotations

import math

import numpy as np

from benchmarks.signal.stft import Power


def quantile_noise(
    power: Power, *, quantile: float = 0.1, frames_per_s: float | None = None
) -> Power:
    """Return the noise power per frequency, one value for the whole clip.

    Music rests in every frequency now and then, noise does not: a low quantile over time of
    the noisy power is a quantile of the noise alone (Stahl, Fischer and Bippus 2000, who take
    the median for speech; music sustains longer, hence a lower one). The power of a Gaussian
    noise's short-time spectrum is exponentially distributed, ``P(|N|² < x) = 1 - exp(-x / m)``
    with mean m, so its q-quantile is ``-ln(1 - q) m``: dividing by the factor gives the mean.
    A note held for most of the clip is taken for noise; that is the price of being blind.

    Args:
        power: Of the mixture, shape (..., frames, bins).
        quantile: Between 0 and 1, both excluded.
        frames_per_s: Not needed: it is one value for all frames.

    Returns:
        The mean noise power, shape (..., 1, bins).

    >>> round(float(quantile_noise(np.full((5, 1), 0.1, np.float32), quantile=0.1)[0, 0]), 3)
    0.949
    """
    del frames_per_s
    quiet: Power = np.quantile(power, quantile, axis=-2, keepdims=True)
    return (quiet / -math.log1p(-quantile)).astype(np.float32)
