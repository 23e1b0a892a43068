"""Measure the power of short frames, and draw it: one scale of decibels and colour everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Power = NDArray[np.float64]
"""Power of frames by frequency, shape (..., frames, bins)."""

RANGE_DB = 90.0
"""From the brightest colour of a picture to black."""

_FLOOR = 1e-12
_FRAMES_AT_ONCE = 256  # what is in memory stays small, however long the recording


def frame_power(
    samples: NDArray[np.float64], *, starts: Sequence[int], taper: NDArray[np.float64]
) -> Power:
    """Return the squared magnitudes of the Fourier transforms of frames.

    Args:
        samples: Shape (..., time).
        starts: First sample of each frame; before the first sample and after the last is silence.
        taper: What each frame is multiplied with, shape (window,).

    Returns:
        Shape (..., frames, window // 2 + 1).

    >>> cosine = np.cos(np.pi / 2 * np.arange(8))
    >>> frame_power(cosine, starts=[-2, 0], taper=np.ones(4)).round(9)
    array([[1., 1., 1.],
           [0., 4., 0.]])
    """
    window = len(taper)
    before = max(0, -min(starts))
    after = max(0, max(starts) + window - samples.shape[-1])
    sides = [(0, 0)] * (samples.ndim - 1) + [(before, after)]
    frames = sliding_window_view(np.pad(samples, sides), window, axis=-1)
    firsts = np.asarray(starts) + before
    blocks = np.split(firsts, range(_FRAMES_AT_ONCE, len(firsts), _FRAMES_AT_ONCE))
    spectra = (scipy.fft.rfft(frames[..., block, :] * taper) for block in blocks)
    return np.concatenate([part.real**2 + part.imag**2 for part in spectra], axis=-2)


def decibels(power: Power) -> NDArray[np.float64]:
    """Return power in dB re 1, at least -120.

    >>> decibels(np.array([1.0, 0.01, 0.0])).tolist()
    [0.0, -20.0, -120.0]
    """
    levels_db: NDArray[np.float64] = 10 * np.log10(np.maximum(power, _FLOOR))
    return levels_db


def draw(
    axes: Any,
    levels_db: NDArray[np.float64],
    *,
    top_db: float,
    duration_s: float,
    sampling_rate: int,
) -> Any:
    """Draw a spectrogram over seconds and kilohertz into axes of matplotlib, and return the image.

    Args:
        axes: Where to draw.
        levels_db: Shape (bands, columns), low frequencies first, evenly from 0 to half the rate.
        top_db: What the brightest colour is; ``RANGE_DB`` below it is black.
        duration_s: What the columns span.
        sampling_rate: In Hz.
    """
    return axes.imshow(
        levels_db,
        origin="lower",
        aspect="auto",
        cmap="magma",
        interpolation="nearest",
        vmin=top_db - RANGE_DB,
        vmax=top_db,
        extent=(0, duration_s, 0, sampling_rate / 2000),
    )
