"""Make of a recording and its estimate the samples that are written.

They are blended, rounded once, and held at full scale.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.recordings.stream import Samples, clipped, in_upper_bits
from mn_dataset.audio.writer import Form


@dataclass(frozen=True)
class Blend:
    """Samples in the type that a sink takes, shape (time, channels).

    Attributes:
        estimate: What the recording becomes.
        residual: What was removed; in integers, exactly the recording less the estimate.
        clipped: Samples of the estimate that were beyond full scale, and are held at it.
        residual_clipped: The same of the residual.
    """

    estimate: NDArray[Any]
    residual: NDArray[Any]
    clipped: int = 0
    residual_clipped: int = 0


def blend(noisy: Samples, estimate: Samples, *, strength: float, form: Form) -> Blend:
    """Go from the recording towards the estimate, and round to the form.

    Nothing is dithered, and nothing wraps. Floating point has no full scale to be held at.

    Args:
        noisy: The recording.
        estimate: The denoiser's.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        form: How samples are written.

    >>> noisy = np.array([[0.5], [-0.5]])
    >>> blended = blend(noisy, 3 * noisy, strength=1.0, form=Form("WAV", "PCM_16"))
    >>> (blended.estimate >> 16).ravel().tolist(), (blended.residual >> 16).ravel().tolist()
    ([32767, -32768], [-16383, 16384])
    >>> blended.clipped
    2
    """
    exact = noisy + strength * (estimate - noisy)
    if form.bits is None:
        rounded = exact.astype(form.dtype)
        return Blend(rounded, (noisy - rounded).astype(form.dtype))
    scale = 2.0 ** (form.bits - 1)
    rounded, over = clipped(np.rint(exact * scale), scale)
    residual, residual_over = clipped(np.rint(noisy * scale) - rounded, scale)
    return Blend(in_upper_bits(rounded, form), in_upper_bits(residual, form), over, residual_over)
