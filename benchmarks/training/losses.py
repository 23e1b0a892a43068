"""Losses of training: distances of a network's estimates from the clean layers.

Every loss takes estimates and targets of a batch and returns one value per item, shape (batch,),
lower is better; it is finite, and so is its gradient, at silence on either side. ``DenoisingLoss``
is the weighted sum of several for a whole batch of waveforms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks.contract import Model, Objective
from benchmarks.layers import stft
from benchmarks.layers.loss_weights import check_weights
from mn_dataset.errors import InputError

Network = Callable[[Tensor], Sequence[Tensor]]
"""Takes spectra (batch, 2, frames, bins) and returns estimates of them, the best first."""

_SILENCE = 1e-12  # mean square: −120 dBFS, under anything that 16 bits hold
_SILENT_BIN = 1e-7  # squared magnitude under which a bin counts as silent (Yamamoto et al.'s code)

RESOLUTIONS = ((1024, 600, 120), (2048, 1200, 240), (512, 240, 50))
"""FFT size, window and hop in samples of the three resolutions of Yamamoto et al. (2020)."""


@dataclass(frozen=True)
class Signal:
    """A batch of estimates or targets, as spectra and as waveforms.

    Attributes:
        spectra: Real and imaginary parts, shape (batch, 2, frames, bins).
        num_samples: Length of the waveforms.
        waveforms: Shape (batch, time), where they need not be made of the spectra.
    """

    spectra: Tensor
    num_samples: int
    waveforms: Tensor | None = None

    @cached_property
    def wave(self) -> Tensor:
        """The waveforms, shape (batch, time)."""
        if self.waveforms is not None:
            return self.waveforms
        unity = self.spectra.new_ones(len(self.spectra), 1)
        return stft.synthesise(self.spectra, unity, num_samples=self.num_samples)


Loss = Callable[[Signal, Signal], Tensor]


def mae(estimate: Signal, target: Signal) -> Tensor:
    """Return the mean absolute error of real and imaginary parts: the paper's loss."""
    return (estimate.spectra - target.spectra).abs().mean(dim=(1, 2, 3))


def snr(estimate: Signal, target: Signal) -> Tensor:
    """Return minus the SNR in dB: −10·log10(|s|² / |y − s|²)."""
    return -_decibels(target.wave, estimate.wave - target.wave)


def si_sdr(estimate: Signal, target: Signal) -> Tensor:
    """Return minus the SI-SDR in dB (Le Roux et al. 2019, eq. 4), no mean removed."""
    product = (estimate.wave * target.wave).mean(dim=-1, keepdim=True)
    gain = product / (target.wave.square().mean(dim=-1, keepdim=True) + _SILENCE)
    scaled = gain * target.wave
    return -_decibels(scaled, estimate.wave - scaled)


def mr_stft(estimate: Signal, target: Signal) -> Tensor:
    """Return the multi-resolution STFT loss, the mean over ``RESOLUTIONS``.

    Each is spectral convergence ‖|S|−|Y|‖ / ‖|S|‖ plus the mean of |log|S| − log|Y||
    (Yamamoto, Song, Kim: Parallel WaveGAN, ICASSP 2020, eqs. 4 to 6), here of every item alone.
    """
    losses = []
    for resolution in RESOLUTIONS:
        magnitude, clean = (_magnitude(signal.wave, *resolution) for signal in (estimate, target))
        distance = torch.linalg.vector_norm(magnitude - clean, dim=(1, 2))
        convergence = distance / torch.linalg.vector_norm(clean, dim=(1, 2))
        losses.append(convergence + (magnitude.log() - clean.log()).abs().mean(dim=(1, 2)))
    return torch.stack(losses).mean(dim=0)


LOSSES: Mapping[str, Loss] = {"mae": mae, "mr_stft": mr_stft, "si_sdr": si_sdr, "snr": snr}
"""The losses that a configuration may give weights, by name."""


def weighted_sum(
    weights: Sequence[Mapping[str, float]], outputs: Sequence[Signal], target: Signal
) -> Tensor:
    """Return the weighted sum of the losses of a network's outputs, shape (batch,).

    Args:
        weights: Of the losses by name, one table per output, the best output first.
        outputs: Of the network; those beyond the tables count nothing.
        target: The clean layers.

    Raises:
        InputError: if there are more tables than outputs.
    """
    if len(weights) > len(outputs):
        raise InputError(
            f"loss has {len(weights)} tables, and the network gives {len(outputs)} output(s); "
            "expected one table per output at most"
        )
    terms = [
        weight * LOSSES[name](output, target)
        for table, output in zip(weights, outputs, strict=False)
        for name, weight in table.items()
        if weight
    ]
    return torch.stack(terms).sum(dim=0)


@dataclass(frozen=True)
class DenoisingLoss:
    """The loss of a network of spectra: noisy in, the clean layer as the target of each output.

    Attributes:
        weights: Of the losses by name, one table per output of the network, the best first.
        input_rms: Level that the network expects; None leaves mixtures as they are.
    """

    weights: Sequence[Mapping[str, float]]
    input_rms: float | None

    def estimate(self, network: torch.nn.Module, noisy: Tensor) -> Tensor:
        """Return the estimates of mixtures, float32 (batch, time)."""
        return stft.estimate(network, noisy)

    def __call__(self, network: Network, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            network: Takes and gives spectra, as ``layers.stft.estimate`` says.
            batch: "noisy" and "clean", float32 (batch, time).

        Raises:
            InputError: if losses are weighed for more outputs than the network gives.
        """
        noisy, clean = batch["noisy"], batch["clean"]
        gain = stft.level_gain(noisy, self.input_rms)
        # Convolutions are quicker where a bin's channels lie together, in bfloat16 by far.
        spectra = stft.analyse(noisy, gain).contiguous(memory_format=torch.channels_last)
        outputs = network(spectra)
        length = noisy.shape[-1]
        target = Signal(stft.analyse(clean, gain), length, waveforms=clean * gain)
        estimates = [Signal(output.float(), length) for output in outputs]
        return weighted_sum(self.weights, estimates, target).mean()


def objective_of(
    model: Model, network: torch.nn.Module, weights: Sequence[Mapping[str, float]]
) -> Objective:
    """Return what a network is to minimise: the model's own, or that of networks of spectra.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if the weights have no positive sum.
    """
    if hasattr(model, "objective"):
        return cast(Objective, model.objective(network, weights))
    return denoising_loss(weights, network)


def denoising_loss(
    weights: Sequence[Mapping[str, float]], network: torch.nn.Module
) -> DenoisingLoss:
    """Return the loss of a network of spectra.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if the weights have no positive sum.
    """
    check_weights(weights, LOSSES)
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    return DenoisingLoss(weights, config["input_rms"])


def _decibels(signal: Tensor, error: Tensor) -> Tensor:
    above, below = (part.square().mean(dim=-1) + _SILENCE for part in (signal, error))
    return 10.0 * torch.log10(above / below)


def _magnitude(wave: Tensor, size: int, window: int, hop: int) -> Tensor:
    shape = torch.from_numpy(_hann(window)).to(wave)
    spectrum = torch.stft(wave, size, hop, window, shape, return_complex=True)
    power = spectrum.real.square() + spectrum.imag.square()
    return power.clamp(min=_SILENT_BIN).sqrt()


@cache
def _hann(length: int) -> NDArray[np.float64]:
    """Return the periodic Hann window, built by numpy: torch's first one is not always right."""
    window: NDArray[np.float64] = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    return window
