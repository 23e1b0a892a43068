"""Turn a recording and its estimate into the samples that are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.sink import Form

Samples = NDArray[np.float64]
"""Shape (time, channels), full scale 1."""


@dataclass(frozen=True)
class Mixed:
    """Samples in the type that a sink takes, shape (time, channels).

    Attributes:
        estimate: What is kept.
        residual: What was removed; in integers, exactly the recording less the estimate.
        clipped: Samples of the estimate that were beyond full scale, and are held at it.
        residual_clipped: The same of the residual.
    """

    estimate: NDArray[Any]
    residual: NDArray[Any]
    clipped: int = 0
    residual_clipped: int = 0


def mixed(noisy: Samples, estimate: Samples, *, strength: float, form: Form) -> Mixed:
    """Go from the recording towards the estimate, and round to the form.

    Nothing is dithered, and nothing wraps. Floating point has no full scale to be held at.

    Args:
        noisy: The recording.
        estimate: What the denoiser made of it.
        strength: 0 leaves the recording as it is, 1 takes the estimate.
        form: How samples are written.

    >>> noisy = np.array([[0.5], [-0.5]])
    >>> made = mixed(noisy, 3 * noisy, strength=1.0, form=Form("WAV", "PCM_16"))
    >>> (made.estimate >> 16).ravel().tolist(), (made.residual >> 16).ravel().tolist()
    ([32767, -32768], [-16383, 16384])
    >>> made.clipped
    2
    """
    wanted = noisy + strength * (estimate - noisy)
    if form.bits is None:
        kept = wanted.astype(form.dtype)
        return Mixed(kept, (noisy - kept).astype(form.dtype))
    scale = 2.0 ** (form.bits - 1)
    kept, clipped = _held(np.rint(wanted * scale), scale)
    removed, residual_clipped = _held(np.rint(noisy * scale) - kept, scale)
    return Mixed(_lifted(kept, form), _lifted(removed, form), clipped, residual_clipped)


def _held(samples: Samples, scale: float) -> tuple[Samples, int]:
    held = np.clip(samples, -scale, scale - 1)
    return held, int(np.count_nonzero(held != samples))


def _lifted(samples: Samples, form: Form) -> NDArray[np.int32]:
    return (samples * 2.0 ** (32 - (form.bits or 32))).astype(np.int32)
