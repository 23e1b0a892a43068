"""Remove bleed by magnitudes: a network takes those of all microphones, which lend their phases.

Sessions come to an RMS of 1 over all their microphones and back, as in
``benchmarks.layers.waveform_objective``, and magnitudes to about unit mean square.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmarks.layers.transform import Transform, unit
from benchmarks.layers.waveform_objective import (
    SILENT_RMS,
    check_microphones,
    heard,
    levelled,
    mse,
    snr,
)

LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": mse, "snr": snr}
"""Of magnitudes, and of waveforms."""

_MEAN_SQUARE = 3 / 8  # of a Hann window

Network = Callable[[Tensor], Tensor]
"""Takes magnitudes (batch, microphones, frames, bins), returns the same shape."""


@dataclass(frozen=True)
class MagnitudesObjective:
    """The loss of a network of magnitudes, and its estimates.

    Attributes:
        transform: Between waveforms and spectra, of a Hann window.
        microphones: How many the network is tied to; None for any number.
        weights: Of the losses by name; none where a network is only used.
    """

    transform: Transform
    microphones: int | None = None
    weights: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, network: Network, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of a batch, "noisy" and "clean" (batch, microphones, time).

        Raises:
            ValueError: if no loss has a weight.
            InputError: if the network is tied to another number of microphones.
        """
        if not self.weights:
            raise ValueError("there is no loss to minimise")
        check_microphones(batch["noisy"], self.microphones)
        wave, level = levelled(batch["noisy"])
        truths = batch["clean"] / level.clamp(min=SILENT_RMS)
        spectrum = self._spectrum(wave)
        magnitudes = network(spectrum.abs()).float()
        losses = []
        if "mse" in self.weights:
            error = mse(magnitudes, self._spectrum(truths).abs())
            losses.append(self.weights["mse"] * error)
        if "snr" in self.weights:
            losses.append(self.weights["snr"] * snr(self._wave(magnitudes, spectrum, wave), truths))
        return torch.stack(losses).sum()

    def estimate(self, network: Network, noisy: Tensor) -> Tensor:
        """Return the estimates of sessions, float32 (batch, microphones, time).

        Raises:
            InputError: if the network is tied to another number of microphones.
        """
        check_microphones(noisy, self.microphones)
        wave, level = levelled(noisy)
        spectrum = self._spectrum(wave)
        magnitudes = network(spectrum.abs()).float()
        return heard(noisy) * level * self._wave(magnitudes, spectrum, wave)

    def _spectrum(self, wave: Tensor) -> Tensor:
        return self.transform.forward(wave) / self._scale

    def _wave(self, magnitudes: Tensor, spectrum: Tensor, wave: Tensor) -> Tensor:
        scaled = self._scale * magnitudes * unit(spectrum)
        return self.transform.inverse(scaled, num_samples=wave.shape[-1])

    @property
    def _scale(self) -> float:
        return math.sqrt(_MEAN_SQUARE * self.transform.window)
