"""Weigh what two recordings have in common: the take itself, or a faint background under others.

A fingerprint makes the quiet as loud as the loud, so that two thunders recorded in one rain look
alike by their rain. How much of the sound is common is told by the waveforms as they are.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from mn_dataset.audio.fingerprint.extract import RATE, thin
from mn_dataset.audio.io import Pcm

_STRAY = int(0.06 * RATE)


def correlation(first: Pcm, second: Pcm, *, shift_s: float) -> float:
    """Return the largest normalised correlation of what two recordings have in common.

    Args:
        first: int16 (time,) at 44.1 kHz.
        second: int16 (time,).
        shift_s: Where the second begins in the first, ± 60 ms.

    Returns:
        0 to 1: its square is about the share of the power that is common, below 2.7 kHz.
    """
    one, two = thin(first), thin(second)
    lag = round(shift_s * RATE)
    one = one[max(0, lag) : max(0, min(len(one), len(two) + lag))]
    two = two[max(0, -lag) :][: len(one)]
    energy = float(np.sqrt(np.dot(one, one) * np.dot(two, two)))
    if not energy:
        return 0.0
    size = fft.next_fast_len(len(one) + _STRAY, real=True)
    curve = np.abs(fft.irfft(fft.rfft(one, size) * fft.rfft(two, size).conj(), size))
    return float(max(curve[: _STRAY + 1].max(), curve[-_STRAY:].max())) / energy
