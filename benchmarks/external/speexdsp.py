"""Run the noise suppressor of SpeexDSP, which was made for speech.

It follows Ephraim and Malah 1984 over 16-bit samples, in frames of 10 ms.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from mn_dataset.errors import MissingExtra

_RATE = 44_100
_FRAME = 441
_PEAK = 16_384.0  # of 16 bits: half of full scale


class SpeexDsp:
    """The library's own settings, a fresh state for every clip.

    A clip is handed over at a peak of one half, and its estimate brought back to the level that it
    had: neither is clipped, and the 16 bits are used.
    """

    spec = DenoiserSpec(
        name="speexdsp",
        sampling_rate=_RATE,
        channels=1,
        latency=_FRAME,
        package="speexdsp_ns",
        extra="speexdsp",
        license="BSD-3-Clause",
        citation="Valin, The Speex codec manual 1.2, 2007, section 3.3 (preprocessor)",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            MissingExtra: if the package is not installed.
        """
        del side
        return np.stack([_denoised(clip, sampling_rate) for clip in batch[:, 0]])[:, np.newaxis]


def _denoised(clip: NDArray[np.float32], sampling_rate: int) -> NDArray[np.float32]:
    peak = float(np.abs(clip).max())
    if peak == 0.0:
        return np.zeros_like(clip)
    frames = np.zeros((-(-len(clip) // _FRAME), _FRAME), "<i2")
    frames.reshape(-1)[: len(clip)] = np.rint(clip.astype(np.float64) * (_PEAK / peak))
    suppressor = _library().NoiseSuppression.create(_FRAME, sampling_rate)
    processed = b"".join(suppressor.process(frame.tobytes()) for frame in frames)
    samples = np.frombuffer(processed, "<i2")[: len(clip)]
    return samples.astype(np.float32) * np.float32(peak / _PEAK)


def _library() -> Any:
    try:
        return importlib.import_module("speexdsp_ns")
    except ImportError as error:
        raise MissingExtra("speexdsp_ns", extra="speexdsp") from error
