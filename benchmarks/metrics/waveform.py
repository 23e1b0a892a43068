"""Compare the estimate with the clean signal sample by sample: snr.

Nothing is forgiven: a gain, a delay and a filter count as error, as they do in a waveform.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contract import MetricSpec, Score, undefined
from benchmarks.metrics.degenerate import decibels, flaw
from benchmarks.metrics.truth import Signal, Truth

SNR = MetricSpec(
    name="snr",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|s|² / |s − y|²) of the clean signal s and the estimate y.",
    citation="Vincent, Gribonval, Févotte: Performance measurement in blind audio source "
    "separation, IEEE TASLP 14(4), 2006.",
    known_as='"SDR" of museval (BSS Eval v4, mono) and of the MDX and SDX challenges; '
    '"SNR" of torchmetrics with zero_mean=False.',
)


def snr(estimate: Signal, truth: Truth) -> Score:
    """Return the signal-to-noise ratio of the estimate in dB.

    >>> snr(np.array([1.0, 1.1]), Truth(np.array([1.0, 1.0]), 44_100)).value.__round__(6)
    23.0103
    """
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SNR):
        return undefined(reason)
    error = truth.signal - samples
    return decibels(truth.energy, float(np.dot(error, error)))
