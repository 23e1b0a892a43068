"""Find the two energies of every ratio, for a batch of pairs on a device, and how sure they are."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks.metrics.batched.sdr import project
from benchmarks.metrics.sdr import SDR
from benchmarks.metrics.sir_sar import SAR
from benchmarks.metrics.undefined import SILENCE

_SILENT = 2 * SILENCE  # what is near the edge of silence is for the metric itself to decide


class Ratio(NamedTuple):
    """The energies of a ratio, each of shape (batch,).

    Attributes:
        signal: The numerator.
        error: The denominator.
        doubt: By how much either may be wrong; NaN where there may be no value.
    """

    signal: Tensor
    error: Tensor
    doubt: Tensor


@torch.inference_mode()
def ratios(
    estimates: Tensor, references: Tensor, noisy: Tensor | None, *, names: Collection[str]
) -> dict[str, Ratio]:
    """Return the ratios behind the named metrics; one that asks for more samples is left out.

    Args:
        estimates: Shape (batch, time), of any type; so are the others.
        references: The clean signals.
        noisy: The mixtures, which "sir" and "sar" need.
        names: Of "snr", "si_sdr", "sdr", "sir" and "sar".
    """
    y, s = estimates.double(), references.double()
    energy, reference = _energy(y), _energy(s)
    scorable = energy.isfinite() & reference.isfinite()
    scorable &= (reference > 0) & (energy > _SILENT * reference)
    ratio_of = {}
    if "snr" in names:
        ratio_of["snr"] = Ratio(reference, _energy(s - y), torch.zeros_like(energy))
    if "si_sdr" in names:
        gain = (s * y).sum(1) / reference
        error = _energy(y - gain[:, None] * s)
        ratio_of["si_sdr"] = Ratio(gain.square() * reference, error, torch.zeros_like(energy))
    noise = None
    if noisy is not None and {"sir", "sar"} & set(names) and y.shape[1] >= SAR.min_samples:
        noise = noisy.double() - s
    if y.shape[1] >= SDR.min_samples and ("sdr" in names or noise is not None):
        ratio_of |= _projected(y, s, noise)
    return {
        name: ratio._replace(doubt=ratio.doubt.where(scorable, torch.nan))
        for name, ratio in ratio_of.items()
    }


def _projected(y: Tensor, s: Tensor, noise: Tensor | None) -> dict[str, Ratio]:
    energy = _energy(y)
    alone, *more = project(y, torch.stack([s] if noise is None else [s, noise], 1))
    ratio_of = {"sdr": Ratio(alone.energy, energy - alone.energy, alone.doubt)}
    if noise is not None:
        (both,) = more
        doubt = both.doubt.where(_energy(noise) > _SILENT * _energy(s), torch.nan)
        interference = both.energy - alone.energy
        ratio_of["sir"] = Ratio(alone.energy, interference, alone.doubt + doubt)
        ratio_of["sar"] = Ratio(both.energy, energy - both.energy, doubt)
    return ratio_of


def _energy(signals: Tensor) -> Tensor:
    return signals.square().sum(1)
