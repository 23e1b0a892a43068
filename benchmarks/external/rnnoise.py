"""Run RNNoise, a small recurrent network for speech, with the weights that its package carries.

Valin, "A hybrid DSP/deep learning approach to real-time full-band speech enhancement", IEEE MMSP
2018. It is here as what a model of speech makes of music. Only the C library of the package
pyrnnoise is used: what it has in Python goes through 16-bit samples, and imports a video library.
"""

from __future__ import annotations

import ctypes
import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from mn_dataset.errors import MissingExtra

_FRAME = 480
_PEAK = 16_384.0  # of what it is handed, on a scale of 16 bits: half of full scale
_FILES = {"linux": "librnnoise.so", "darwin": "librnnoise.dylib", "win32": "rnnoise.dll"}
_POINTER = ctypes.POINTER(ctypes.c_float)


class RnNoise:
    """The library's own model, a fresh state for every clip.

    It was trained at levels of speech: a clip is handed over at a peak of one half, and its
    estimate brought back to the level that it had.
    """

    spec = DenoiserSpec(
        name="rnnoise",
        sampling_rate=48_000,
        channels=1,
        latency=2 * _FRAME,  # a frame of its window, and one that the network looks ahead
        package="pyrnnoise",
        extra="rnnoise",
        license="BSD-3-Clause",
        citation="Valin, IEEE MMSP 2018, doi:10.1109/MMSP.2018.8547084",
        trained_on="speech and noise (the model that ships with RNNoise)",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the denoised batch, shape (batch, 1, time).

        Raises:
            MissingExtra: if the package is not installed.
        """
        del sampling_rate, side
        return np.stack([_denoised(clip) for clip in batch[:, 0]])[:, np.newaxis]


def _denoised(clip: NDArray[np.float32]) -> NDArray[np.float32]:
    peak = float(np.abs(clip).max())
    if peak == 0.0:
        return np.zeros_like(clip)
    frames = np.zeros((-(-len(clip) // _FRAME), _FRAME), np.float32)
    # Whole numbers, as the library expects: what it decides does not hang on the last bit.
    frames.reshape(-1)[: len(clip)] = np.rint(clip.astype(np.float64) * (_PEAK / peak))
    library = _library()
    state = library.rnnoise_create(None)
    try:
        for frame in frames:
            pointer = frame.ctypes.data_as(_POINTER)
            library.rnnoise_process_frame(state, pointer, pointer)
    finally:
        library.rnnoise_destroy(state)
    estimate: NDArray[np.float32] = frames.reshape(-1)[: len(clip)] * np.float32(peak / _PEAK)
    return estimate


@cache
def _library() -> ctypes.CDLL:
    package = importlib.util.find_spec("pyrnnoise")
    if package is None or not package.submodule_search_locations:
        raise MissingExtra("pyrnnoise", extra="rnnoise")
    library = ctypes.CDLL(str(Path(package.submodule_search_locations[0], _FILES[sys.platform])))
    library.rnnoise_create.argtypes = [ctypes.c_void_p]
    library.rnnoise_create.restype = ctypes.c_void_p
    library.rnnoise_destroy.argtypes = [ctypes.c_void_p]
    library.rnnoise_process_frame.argtypes = [ctypes.c_void_p, _POINTER, _POINTER]
    library.rnnoise_process_frame.restype = ctypes.c_float
    return library
