"""Separate by magnitudes: a network estimates those of the targets, the mixture lends its phase.

A network takes magnitudes of mixtures (batch, frames, bins) and returns those of their targets
(batch, targets, frames, bins).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor

from benchmarks.layers.stft import level_gain
from benchmarks.layers.transform import Transform, unit

Loss = Callable[[Tensor, Tensor], Tensor]
"""Takes estimates and truths (batch, targets, frames, bins), returns a tensor of no dimension."""


@dataclass(frozen=True)
class MagnitudeObjective:
    """What a network of magnitudes minimises, and what is made of it.

    Attributes:
        transform: Between waveforms and magnitudes.
        input_rms: Level that mixtures are brought to; None for as they are.
        loss: Of the estimates; None where a network is only used.
    """

    transform: Transform
    input_rms: float | None = None
    loss: Loss | None = None

    def __call__(self, network: Callable[[Tensor], Tensor], batch: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of a batch: "noisy" (batch, time), "clean" (batch, targets, time).

        Raises:
            ValueError: if there is no loss.
        """
        if self.loss is None:
            raise ValueError("there is no loss to minimise")
        gain = level_gain(batch["noisy"], self.input_rms)
        mixture = self.transform.forward(batch["noisy"] * gain).abs()
        targets = self.transform.forward(batch["clean"] * gain[:, None]).abs()
        return self.loss(network(mixture).float(), targets)

    def estimate(self, network: Callable[[Tensor], Tensor], noisy: Tensor) -> Tensor:
        """Return the waveforms of the targets, shape (batch, targets, time).

        Args:
            network: In the type of its weights.
            noisy: float32, shape (batch, time).
        """
        gain = level_gain(noisy, self.input_rms)
        spectrum = self.transform.forward(noisy * gain)
        magnitude = spectrum.abs()
        estimates = network(magnitude).to(magnitude.dtype) * unit(spectrum)[:, None]
        waves = self.transform.inverse(estimates, num_samples=noisy.shape[-1])
        return waves / gain[:, None]
