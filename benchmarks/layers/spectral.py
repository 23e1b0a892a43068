"""Let a network of spectra denoise waveforms: level, margins, spectra, and back.

Every sample lies in four frames: 1536 zeros stand before the first and enough after the last, so
both ends come out as they should (the reference attenuates the first 1536 samples of each piece).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.layers import spectrum

_MARGIN = spectrum.WINDOW - spectrum.HOP
_SILENCE_RMS = 1e-12


def level_gain(noisy: Tensor, input_rms: float | None) -> Tensor:
    """Return what brings each mixture to the level that a network expects; 1 for silence.

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
    return -(-num_samples // spectrum.HOP) + _MARGIN // spectrum.HOP


def analyse(wave: Tensor, gain: Tensor) -> Tensor:
    """Return the spectra of waveforms times a gain, each sample in four frames.

    Args:
        wave: Shape (batch, time), at least one sample.
        gain: Shape (batch, 1).

    Returns:
        Shape (batch, 2, ceil(time / 512) + 3, 1025).
    """
    after = -wave.shape[-1] % spectrum.HOP + _MARGIN
    return spectrum.forward(functional.pad(wave * gain, (_MARGIN, after)))


def synthesise(spectra: Tensor, gain: Tensor, *, num_samples: int) -> Tensor:
    """Undo ``analyse``, exactly up to rounding.

    Args:
        spectra: Shape (batch, 2, frames, 1025).
        gain: Shape (batch, 1).
        num_samples: Length of the waveforms that were analysed.

    Returns:
        Shape (batch, num_samples).
    """
    return spectrum.inverse(spectra)[:, _MARGIN : _MARGIN + num_samples] / gain


def estimate(network: torch.nn.Module, noisy: Tensor) -> Tensor:
    """Return a network's best estimates of the clean layers.

    Args:
        network: Takes spectra (batch, 2, frames, 1025) in its weights' own type and returns
            estimates, the best first; its ``config["input_rms"]`` is the level it expects.
        noisy: float32, shape (batch, time).

    Returns:
        float32, shape as given; silent mixtures give silence.
    """
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    gain = level_gain(noisy, config["input_rms"])
    kind = next(network.parameters()).dtype
    best = network(analyse(noisy, gain).to(kind))[0]
    waves = synthesise(best.float(), gain, num_samples=noisy.shape[-1])
    return waves * (_rms(noisy) > _SILENCE_RMS)


def _rms(wave: Tensor) -> Tensor:
    level: Tensor = wave.square().mean(dim=-1, keepdim=True).sqrt()
    return level
