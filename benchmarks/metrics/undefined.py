"""Find why a signal cannot be scored, so that undefined is a typed reason and never 0 dB."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth

SILENCE = 1e-12
"""Share of the reference's energy (−120 dB, lost in 16 bits) that counts as none."""

LIMIT_DB = 100.0
"""Ratios beyond ±100 dB say only "equal" or "unrelated"; they are reported as saturated."""


def flaw(
    estimate: Signal, truth: Truth, spec: MetricSpec, *, constant_is_silent: bool = False
) -> str | None:
    """Return the typed reason why ``spec`` is undefined for the pair, or None.

    The reference is asked before the estimate, so a mixture that cannot be scored has one reason
    for every denoiser.

    Args:
        estimate: Shape (time,), as long as the reference.
        truth: The reference.
        spec: Whose ``min_samples``, counted at its ``sampling_rate``, are required.
        constant_is_silent: Whether the metric hears no mean, as an ear does.

    Raises:
        ValueError: if the estimate has another shape than the reference.
    """
    if np.shape(estimate) != np.shape(truth.reference):
        raise ValueError(
            f"the estimate has shape {np.shape(estimate)}, expected that of the reference, "
            f"{np.shape(truth.reference)}; trim it to the reference"
        )
    rate = spec.sampling_rate or truth.sampling_rate
    if len(truth.signal) * rate < spec.min_samples * truth.sampling_rate:
        return "too_short"
    if not math.isfinite(truth.energy):
        return "non_finite"
    if truth.energy == 0.0:
        return "silent_reference"
    if constant_is_silent and _varying_energy(truth.signal) <= SILENCE * truth.energy:
        return "constant_reference"
    samples = np.asarray(estimate, dtype=np.float64)
    energy = float(np.dot(samples, samples))
    if not math.isfinite(energy):
        return "non_finite"
    if constant_is_silent:
        energy = _varying_energy(samples)
    return "silent_estimate" if energy <= SILENCE * truth.energy else None


def decibels(signal_energy: float, error_energy: float) -> Score:
    """Return 10·log10(signal / error) in dB, held within ±100 dB.

    >>> decibels(1.0, 0.001).value
    30.0
    >>> decibels(1.0, 0.0)
    Score(value=100.0, reason='saturated')
    """
    if signal_energy <= 0.0:
        return Score(-LIMIT_DB, "saturated")
    if error_energy <= 0.0:
        return Score(LIMIT_DB, "saturated")
    value = 10.0 * (math.log10(signal_energy) - math.log10(error_energy))
    if abs(value) > LIMIT_DB:
        return Score(math.copysign(LIMIT_DB, value), "saturated")
    return Score(value)


def _varying_energy(samples: NDArray[np.float64]) -> float:
    return float(samples.var() * len(samples))
