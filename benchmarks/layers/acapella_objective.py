"""What training minimises of acapellabot's network, and how waveforms are made of its answers.

Every mixture is brought to a peak of 1 and back: the features log(1 + |S|) know an absolute level,
and the original was trained on loud music. The voice is held at most at the mixture's magnitude in
inference; in training it is not, for what is held learns nothing.

The accompaniment is the mixture less the voice, as waveforms. With the mixture's phase that is the
spectrum of what the voice leaves of the mixture's magnitude.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from benchmarks.layers.griffin_lim import griffin_lim, random_phase
from benchmarks.layers.loss_weights import check_weights
from benchmarks.layers.transform import Transform, unit
from mn_dataset.errors import InputError

MIXTURES = ("sum", "maximum")
"""Features of a mixture in training: of its waveform, or the larger one of the two targets'."""
SYNTHESES = ("mixture_phase", "griffin_lim", "griffin_lim_random")
"""Phase of the voice: the mixture's, or found from it, or found from a random one."""

_SILENCE = 1e-12  # mean square: −120 dBFS
_SILENT_PEAK = 1e-12
_LOUDEST = 8.0  # log magnitude: 12 dB over a sine of amplitude 1 in a window of 1536 samples

Network = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Voice:
    """A voice, estimated or true.

    Attributes:
        log_magnitude: log(1 + |S|), shape (batch, channels, frames, bins).
        synthesise: Makes the waveform of the magnitude |S|; it is called when it is asked for.
    """

    log_magnitude: Tensor
    synthesise: Callable[[Tensor], Tensor]

    @cached_property
    def magnitude(self) -> Tensor:
        """|S|."""
        return torch.expm1(self.log_magnitude.clamp(max=_LOUDEST))

    @cached_property
    def wave(self) -> Tensor:
        """The waveform, shape (batch, channels, time)."""
        return self.synthesise(self.magnitude)


Loss = Callable[[Voice, Voice], Tensor]


def mse_log(estimate: Voice, target: Voice) -> Tensor:
    """Return the mean squared error of log(1 + |S|): the original's loss."""
    return (estimate.log_magnitude - target.log_magnitude).square().mean()


def mae_log(estimate: Voice, target: Voice) -> Tensor:
    """Return the mean absolute error of log(1 + |S|)."""
    return (estimate.log_magnitude - target.log_magnitude).abs().mean()


def mae(estimate: Voice, target: Voice) -> Tensor:
    """Return the mean absolute error of |S|."""
    return (estimate.magnitude - target.magnitude).abs().mean()


def snr(estimate: Voice, target: Voice) -> Tensor:
    """Return minus the SNR of the waveform in dB, the mean over items and channels."""
    signal = target.wave.square().mean(dim=-1) + _SILENCE
    error = (estimate.wave - target.wave).square().mean(dim=-1) + _SILENCE
    return -10.0 * torch.log10(signal / error).mean()


LOSSES: Mapping[str, Loss] = {"mae": mae, "mae_log": mae_log, "mse_log": mse_log, "snr": snr}
"""The losses that a configuration may give weights, by name."""


@dataclass(frozen=True)
class AcapellaObjective:
    """The loss of a network of log magnitudes, and its estimates as waveforms.

    Attributes:
        transform: Between waveforms and spectra.
        channels: Of the network; a network of one is given every channel as an item.
        mixture: One of ``MIXTURES``.
        synthesis: One of ``SYNTHESES``.
        iterations: Of Griffin and Lim's.
        weights: Of the losses by name.
    """

    transform: Transform
    channels: int = 1
    mixture: str = "sum"
    synthesis: str = "mixture_phase"
    iterations: int = 10
    weights: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, network: Network, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the mean loss of a batch.

        Args:
            network: Log magnitudes in and out, shape (batch, channels, frames, bins).
            batch: "noisy", (batch, time) or (batch, channels, time), and "clean", with an axis of
                targets after the first: the voice, then the accompaniment.

        Raises:
            ValueError: if no loss has a weight.
        """
        if not self.weights:
            raise ValueError("there is no loss to minimise")
        noisy = self._items(batch["noisy"])
        gain = peak_gain(noisy)
        mixture = self.transform.forward(noisy * gain)
        voice, accompaniment = (gain * self._items(side) for side in batch["clean"].unbind(dim=1))
        target = self._features(voice)
        features = mixture.abs().log1p()
        if self.mixture == "maximum":
            features = torch.maximum(target, self._features(accompaniment))
        truth = Voice(target, lambda _: voice)
        answer = Voice(
            network(features).float(),
            lambda magnitude: self.transform.inverse(
                magnitude * unit(mixture), num_samples=noisy.shape[-1]
            ),
        )
        losses = [weight * LOSSES[name](answer, truth) for name, weight in self.weights.items()]
        return torch.stack(losses).sum()

    def estimate(self, network: Network, noisy: Tensor) -> Tensor:
        """Return the waveforms of voice and accompaniment; their sum is the mixture.

        Args:
            network: As in training.
            noisy: float32, shape (batch, time) or (batch, channels, time).

        Returns:
            float32, shape (batch, 2, time) or (batch, 2, channels, time).
        """
        items = self._items(noisy)
        gain = peak_gain(items)
        voice = self._voice(network, items * gain) / gain
        if voice.numel() > noisy.numel():  # both channels of what is mono
            voice = voice.mean(dim=1)
        voice = voice.reshape(noisy.shape)
        return torch.stack((voice, noisy - voice), dim=1)

    def _features(self, wave: Tensor) -> Tensor:
        return self.transform.forward(wave).abs().log1p()

    def _voice(self, network: Network, mixture: Tensor) -> Tensor:
        spectrum = self.transform.forward(mixture)
        features = spectrum.abs().log1p()
        magnitude = torch.minimum(network(features).to(features.dtype), features).expm1()
        phase = unit(spectrum)
        if self.synthesis == "griffin_lim_random":
            phase = random_phase(spectrum)
        iterations = 0 if self.synthesis == "mixture_phase" else self.iterations
        return griffin_lim(
            magnitude,
            phase,
            self.transform,
            iterations=iterations,
            num_samples=mixture.shape[-1],
        )

    def _items(self, signal: Tensor) -> Tensor:
        """Return what the network is given at a time: (items, channels, time).

        Raises:
            InputError: if the network has two channels, and the signal more.
        """
        if self.channels == 1:
            return signal.reshape(-1, 1, signal.shape[-1])
        if signal.ndim == 2:
            signal = signal[:, None]
        if signal.shape[1] not in (1, self.channels):
            raise InputError(
                f"the mixture has {signal.shape[1]} channels; expected 1 or {self.channels}, as "
                "many as the network has"
            )
        return signal.expand(-1, self.channels, -1)


def objective(
    config: Mapping[str, Any], weights: Sequence[Mapping[str, float]]
) -> AcapellaObjective:
    """Return the objective that suits a network.

    Args:
        config: Of the network.
        weights: Of the losses by name, one table; none where a network is only used.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if there are several tables, or weights without a positive sum.
    """
    if weights:
        check_weights(weights, LOSSES)
    if len(weights) > 1:
        raise InputError(
            f"loss has {len(weights)} tables, and the network gives one output; expected one table"
        )
    return AcapellaObjective(
        Transform(config["window"], config["hop"]),
        channels=config["channels"],
        mixture=config["mixture"],
        synthesis=config["synthesis"],
        iterations=config["iterations"],
        weights={name: weight for table in weights for name, weight in table.items() if weight},
    )


def peak_gain(mixture: Tensor) -> Tensor:
    """Return what brings each mixture to a peak of 1; 1 for silence.

    Args:
        mixture: Shape (batch, channels, time).

    Returns:
        Shape (batch, 1, 1).
    """
    peak = mixture.abs().amax(dim=(1, 2), keepdim=True)
    return torch.where(peak > _SILENT_PEAK, 1.0 / peak, 1.0)
