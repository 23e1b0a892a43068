"""Hard-mask spectral subtraction, a filter after any debleeder.

The post-filter of the program Audio-Bleeding-Removal (its-rajesh, 2023), bin by bin: where the
microphone k is louder than its estimate, something was removed, ``H_k = |microphone_k|``, and 0
elsewhere. An estimate becomes

    max(|estimate_k| / 2 + H_k - Σ_{j≠k} H_j, 0), a tenth of |estimate_k| where that is 0,

with the estimate's phase. The program multiplied by the angle of the phase instead, which left no
sound; and its threshold, 0.002, is in a scale where a sine at full scale is 512, and here of the
loudest bin, so that a quiet session is treated as a loud one.

It puts back what a debleeder removed, where no other did so: it does harm to a good estimate.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.signal.stft import stft_at

THRESHOLD = 0.002 / 512
"""How much louder than its estimate a microphone is where something was removed, of the loudest."""


def hard_masked(
    estimates: NDArray[np.float32], microphones: NDArray[np.float32], sampling_rate: int
) -> NDArray[np.float32]:
    """Return the estimates behind the filter.

    Args:
        estimates: float32, shape (sources, time).
        microphones: Those close to the sources, the same shape.
        sampling_rate: In Hz; it sets the length of the window.
    """
    stft = stft_at(sampling_rate)
    spectrum = stft.forward(estimates)
    magnitude, heard = np.abs(spectrum), np.abs(stft.forward(microphones))
    was_removed = heard - magnitude > np.float32(THRESHOLD) * heard.max()
    removed = np.where(was_removed, heard, np.float32(0.0))
    left = 0.5 * magnitude + 2 * removed - removed.sum(axis=0)
    masked = np.where(left > 0, left, 0.1 * magnitude)
    spectrum *= np.divide(masked, magnitude, out=np.zeros_like(masked), where=magnitude > 0)
    return stft.inverse(spectrum, num_samples=estimates.shape[-1])
