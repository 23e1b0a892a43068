"""Find waveforms of given magnitudes by the iteration of Griffin and Lim (1984)."""

from __future__ import annotations

import torch
from torch import Tensor

from benchmarks.layers.transform import Transform, unit
from mn_dataset import seeds


def griffin_lim(
    magnitude: Tensor, phase: Tensor, transform: Transform, *, iterations: int, num_samples: int
) -> Tensor:
    """Return waveforms whose spectra have about the magnitudes.

    Each iteration analyses the waveform, keeps the phase and puts the magnitudes back, which never
    raises the distance between both (Griffin and Lim 1984, eq. 6 and theorem).

    Args:
        magnitude: Shape (..., frames, bins).
        phase: To begin with, of modulus 1, complex, of the same shape.
        transform: Between waveforms and spectra.
        iterations: How many; 0 keeps the phase.
        num_samples: Length of the waveforms.

    Returns:
        Shape (..., num_samples).
    """
    for _ in range(iterations):
        wave = transform.inverse(magnitude * phase, num_samples=num_samples)
        phase = unit(transform.forward(wave))
    return transform.inverse(magnitude * phase, num_samples=num_samples)


def random_phase(like: Tensor) -> Tensor:
    """Return phases from all around the circle, the same for every batch of that shape.

    Args:
        like: Complex, shape (batch, ...); each item is given the same phases.
    """
    word = int(seeds.generator(0, "griffin_lim", "phase").words(1)[0])
    generator = torch.Generator().manual_seed(word)
    turns = torch.rand(like.shape[1:], generator=generator).to(like.device)
    return torch.polar(torch.ones_like(turns), 2 * torch.pi * turns).to(like.dtype).expand_as(like)
