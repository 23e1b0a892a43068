"""Turn waveforms into the spectra that MusicECAN and its ancestor see, and back, in torch.

A periodic Hamming window of 2048 samples every 512, real and imaginary parts, no scaling. The
synthesis window is ``w / Σ w²`` over the four frames that overlap (Griffin and Lim 1984, eq. 6);
``torch.istft`` divides by the frames that are really there, and so gives another inverse.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

WINDOW = 2048
"""Length of a frame in samples."""
HOP = 512
"""Distance between frames in samples."""
BINS = WINDOW // 2 + 1


@cache
def analysis_window() -> NDArray[np.float64]:
    """Return the periodic Hamming window, shape (2048,).

    Built by numpy: the first float32 ``torch.hamming_window`` of a process is not always right.
    """
    phase = 2 * np.pi * np.arange(WINDOW) / WINDOW
    window: NDArray[np.float64] = 0.54 - 0.46 * np.cos(phase)
    return window


@cache
def synthesis_window() -> NDArray[np.float64]:
    """Return the window that makes overlapped and added frames the waveform, shape (2048,)."""
    window = analysis_window()
    overlapped = np.square(window).reshape(-1, HOP).sum(axis=0)
    synthesis: NDArray[np.float64] = window / np.tile(overlapped, WINDOW // HOP)
    return synthesis


def forward(wave: Tensor) -> Tensor:
    """Analyse waveforms, frame n beginning at sample 512 n; samples of a partial frame are left.

    Args:
        wave: Real, shape (batch, time), at least 2048 samples.

    Returns:
        Real and imaginary parts, shape (batch, 2, frames, 1025), frames = 1 + (time - 2048) // 512.
    """
    window = torch.from_numpy(analysis_window()).to(wave)
    spectrum = torch.fft.rfft(wave.unfold(-1, WINDOW, HOP) * window)
    return torch.stack((spectrum.real, spectrum.imag), dim=1)


def inverse(spectrum: Tensor) -> Tensor:
    """Overlap and add.

    Args:
        spectrum: Real and imaginary parts, shape (batch, 2, frames, 1025).

    Returns:
        Shape (batch, (frames - 1) * 512 + 2048). The first and last 1536 samples lie in fewer
        than four frames and come out attenuated.
    """
    window = torch.from_numpy(synthesis_window()).to(spectrum)
    frames = torch.fft.irfft(torch.complex(spectrum[:, 0], spectrum[:, 1]), WINDOW) * window
    hops = frames.unflatten(-1, (WINDOW // HOP, HOP))
    count = frames.shape[1]
    added = frames.new_zeros(len(frames), count + WINDOW // HOP - 1, HOP)
    for part in range(WINDOW // HOP):
        added[:, part : part + count] += hops[:, :, part]
    wave: Tensor = added.flatten(1)
    return wave
