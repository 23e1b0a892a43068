"""Compare the estimate with the clean signal up to one gain: si_sdr.

The gain may be negative, so a flipped polarity is forgiven. The mean is not removed: an estimate
with a constant offset has an error, and hiding it would score a broken one at 195 dB.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import decibels, flaw

SI_SDR = MetricSpec(
    name="si_sdr",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|a·s|² / |y − a·s|²) with a = ⟨s, y⟩ / |s|², no mean removed.",
    citation="Le Roux, Wisdom, Erdogan, Hershey: SDR – half-baked or well done?, ICASSP 2019, "
    "eq. 4.",
    known_as='"SI-SDR" of torchmetrics with zero_mean=False and of asteroid; its "SI-SNR" removes '
    "the mean first.",
)


def si_sdr(estimate: Signal, truth: Truth) -> Score:
    """Return the scale-invariant signal-to-distortion ratio of the estimate in dB.

    >>> truth = Truth(np.array([1.0, 0.0]), 44_100)
    >>> si_sdr(np.array([-2.0, 0.2]), truth).value.__round__(6)
    20.0
    """
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SI_SDR):
        return SI_SDR.undefined(reason)
    gain = float(np.dot(truth.signal, samples)) / truth.energy
    error = samples - gain * truth.signal
    return decibels(gain**2 * truth.energy, float(np.dot(error, error)))
