"""Analyse waveforms into the spectra that MusicECAN and its ancestor see, and back, in torch.

A periodic Hamming window of 2048 samples every 512, real and imaginary parts, no scaling. The
synthesis window is ``w / Σ w²`` over the four frames that overlap (Griffin and Lim 1984, eq. 6);
``torch.istft`` divides by the frames that are really there, and so gives another inverse.

A network of spectra denoises waveforms at one level and with margins: every sample lies in four
frames, for 1536 zeros stand before the first and enough after the last, so that both ends come out
as they should (the reference attenuates the first 1536 samples of each piece).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from benchmarks.layers.sparing import spared

WINDOW = 2048
"""Length of a frame in samples."""
HOP = 512
"""Distance between frames in samples."""
BINS = WINDOW // 2 + 1

_MARGIN = WINDOW - HOP
_SILENCE_RMS = 1e-12


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


def level_gain(noisy: Tensor, input_rms: float | None) -> Tensor:
    """Return the gain that brings each mixture to a network's level; 1 for silence.

    Silence is what lies below -240 dBFS: the dust of float computations is no music.

    Args:
        noisy: Shape (batch, time).
        input_rms: The level; None to leave mixtures as they are.

    Returns:
        Shape (batch, 1).
    """
    rms = _rms(noisy)
    if input_rms is None:
        return torch.ones_like(rms)
    return torch.where(rms > _SILENCE_RMS, input_rms / rms, 1.0)


def num_frames(num_samples: int) -> int:
    """Return how many frames ``analyse`` makes of so many samples.

    >>> num_frames(66_150)
    133
    """
    return -(-num_samples // HOP) + _MARGIN // HOP


def analyse(wave: Tensor, gain: Tensor) -> Tensor:
    """Return the spectra of waveforms times a gain, each sample in four frames.

    Args:
        wave: Shape (batch, time), at least one sample.
        gain: Shape (batch, 1).

    Returns:
        Shape (batch, 2, ceil(time / 512) + 3, 1025).
    """
    after = -wave.shape[-1] % HOP + _MARGIN
    return forward(functional.pad(wave * gain, (_MARGIN, after)))


def synthesise(spectra: Tensor, gain: Tensor, *, num_samples: int) -> Tensor:
    """Undo ``analyse``, exactly up to rounding.

    Args:
        spectra: Shape (batch, 2, frames, 1025).
        gain: Shape (batch, 1).
        num_samples: Length of the waveforms that were analysed.

    Returns:
        Shape (batch, num_samples).
    """
    return inverse(spectra)[:, _MARGIN : _MARGIN + num_samples] / gain


def estimate(network: torch.nn.Module, noisy: Tensor) -> Tensor:
    """Return a network's best estimates of the clean layers.

    On a CPU one after the other: stereo takes the memory of mono, and no more time.

    Args:
        network: Takes spectra (batch, 2, frames, 1025) in its weights' own type and returns
            estimates, the best first; its ``config["input_rms"]`` is the level it expects, and
            ``config["spare_db"]``, if it has one, what ``spared`` goes by.
        noisy: float32, shape (batch, time).

    Returns:
        float32, shape as given; silent mixtures give silence.
    """
    together = 1 if noisy.device.type == "cpu" else len(noisy)
    return torch.cat([_estimate(network, part) for part in torch.split(noisy, together)])


def _estimate(network: torch.nn.Module, noisy: Tensor) -> Tensor:
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    gain = level_gain(noisy, config["input_rms"])
    kind = next(network.parameters()).dtype
    spectra = analyse(noisy, gain)
    best = network(spectra.to(kind))[0].float()
    if config.get("spare_db") is not None:
        best = spared(spectra, best, config["spare_db"])
    waves = synthesise(best, gain, num_samples=noisy.shape[-1])
    return waves * (_rms(noisy) > _SILENCE_RMS)


def _rms(wave: Tensor) -> Tensor:
    level: Tensor = wave.square().mean(dim=-1, keepdim=True).sqrt()
    return level
