"""Turn a batch of waveforms into what a network sees, and what it gives into one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from benchmarks.layers import spectral
from benchmarks.training import losses
from benchmarks.training.losses import Signal

Network = Callable[[Tensor], Sequence[Tensor]]


@dataclass(frozen=True)
class Denoising:
    """The loss of a network of spectra: noisy in, the clean layer as the target of each output.

    Attributes:
        weights: Of the losses by name, one table per output of the network, the best first.
        input_rms: Level that the network expects; None leaves mixtures as they are.
    """

    weights: Sequence[Mapping[str, float]]
    input_rms: float | None

    def __call__(self, network: Network, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            network: Takes and gives spectra, as ``layers.spectral.estimate`` says.
            batch: "noisy" and "clean", float32 (batch, time).

        Raises:
            InputError: if losses are weighed for more outputs than the network gives.
        """
        noisy, clean = batch["noisy"], batch["clean"]
        gain = spectral.level_gain(noisy, self.input_rms)
        # Convolutions are quicker where a bin's channels lie together, in bfloat16 by far.
        seen = spectral.analyse(noisy, gain).contiguous(memory_format=torch.channels_last)
        outputs = network(seen)
        length = noisy.shape[-1]
        target = Signal(spectral.analyse(clean, gain), length, known=clean * gain)
        found = [Signal(output.float(), length) for output in outputs]
        return losses.weigh(self.weights, found, target).mean()


def denoising(weights: Sequence[Mapping[str, float]], network: torch.nn.Module) -> Denoising:
    """Return the loss that suits a network.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if the weights lead nowhere.
    """
    losses.check(weights)
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    return Denoising(weights, config["input_rms"])
