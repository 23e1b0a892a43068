"""Remove bleed from waveforms: a network takes those of all microphones and returns as many.

Sessions are brought to an RMS of 1 over all their microphones and back: what microphones have to
each other stays as it is, and a network knows no absolute level. Nothing is made of silence: the
estimate of a microphone without a sample other than 0 is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from benchmarks.layers.loss_weights import check_weights
from mn_dataset.errors import InputError

SILENT_RMS = 1e-12
_FLOOR = 1e-6  # mean square beside a session of 1: what lies 60 dB below it is as good as silent

Network = Callable[[Tensor], Tensor]
"""Takes waveforms (batch, microphones, time) at an RMS of 1, returns the same shape."""

Loss = Callable[[Tensor, Tensor], Tensor]


def mse(estimates: Tensor, truths: Tensor) -> Tensor:
    """Return the mean squared error: loud sources count most."""
    return (estimates - truths).square().mean()


def mae(estimates: Tensor, truths: Tensor) -> Tensor:
    """Return the mean absolute error."""
    return (estimates - truths).abs().mean()


def snr(estimates: Tensor, truths: Tensor) -> Tensor:
    """Return minus the SNR in dB, the mean over microphones, whatever their levels.

    What lies 60 dB below the session adds nothing, so that a silent source has a loss too.
    """
    signal, error = (part.square().mean(dim=-1) + _FLOOR for part in (truths, estimates - truths))
    return -10.0 * torch.log10(signal / error).mean()


LOSSES: Mapping[str, Loss] = {"mae": mae, "mse": mse, "snr": snr}
"""The losses that a configuration may give weights, by name."""


@dataclass(frozen=True)
class WaveformObjective:
    """The loss of a network of waveforms, and its estimates.

    Attributes:
        weights: Of the losses by name; none where a network is only used.
        microphones: How many a network is tied to; None for any number.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    microphones: int | None = None

    def __call__(self, network: Network, batch: Mapping[str, Tensor]) -> Tensor:
        """Return the loss of a batch, "noisy" and "clean" (batch, microphones, time).

        Raises:
            ValueError: if no loss has a weight.
            InputError: if the network is tied to another number of microphones.
        """
        check_microphones(batch["noisy"], self.microphones)
        wave, level = levelled(batch["noisy"])
        truths = batch["clean"] / level.clamp(min=SILENT_RMS)
        return weighted(self.weights, network(wave).float(), truths)

    def estimate(self, network: Network, noisy: Tensor) -> Tensor:
        """Return the estimates of sessions, float32 (batch, microphones, time).

        Raises:
            InputError: if the network is tied to another number of microphones.
        """
        check_microphones(noisy, self.microphones)
        wave, level = levelled(noisy)
        return heard(noisy) * level * network(wave).float()


def weighted(weights: Mapping[str, float], estimates: Tensor, truths: Tensor) -> Tensor:
    """Return the weighted sum of losses.

    Raises:
        ValueError: if none has a weight.
    """
    if not weights:
        raise ValueError("there is no loss to minimise")
    losses = [weight * LOSSES[name](estimates, truths) for name, weight in weights.items()]
    return torch.stack(losses).sum()


def only_table(
    tables: Sequence[Mapping[str, float]], known: Mapping[str, object]
) -> dict[str, float]:
    """Return the weights above 0 of the losses of a network with one output.

    Args:
        tables: The tables ``[[loss]]``; none where a network is only used.
        known: The losses by name.

    Raises:
        UnknownName: if a loss has no such name.
        InputError: if there are several tables, or weights without a positive sum.
    """
    if len(tables) > 1:
        raise InputError(
            f"loss has {len(tables)} tables, and the network gives one output; expected one table"
        )
    if tables:
        check_weights(tables, known)
    return {name: weight for table in tables for name, weight in table.items() if weight}


def levelled(noisy: Tensor) -> tuple[Tensor, Tensor]:
    """Return sessions at an RMS of 1 over all microphones, and the RMS they had.

    Args:
        noisy: Shape (batch, microphones, time).

    Returns:
        The same shape, and (batch, 1, 1); silence stays what it is, of level 0.
    """
    level = noisy.square().mean(dim=(1, 2), keepdim=True).sqrt()
    return noisy / level.clamp(min=SILENT_RMS), level


def heard(noisy: Tensor) -> Tensor:
    """Return 1 for microphones that hear anything, 0 for silent ones: (batch, microphones, 1)."""
    return (noisy != 0).any(dim=-1, keepdim=True).to(noisy)


def check_microphones(noisy: Tensor, expected: int | None) -> None:
    """Refuse sessions of another number of microphones than a network was made for.

    Args:
        noisy: Shape (batch, microphones, time).
        expected: How many the network is tied to; None for any number.

    Raises:
        InputError: with both numbers.
    """
    found = noisy.shape[1]
    if expected not in (None, found):
        raise InputError(
            f"the network was made for {expected} microphones, and the session has {found}; "
            f"expected {expected}: train one for {found}, microphones = {found} in [model], or "
            "choose a debleeder that takes any number"
        )
