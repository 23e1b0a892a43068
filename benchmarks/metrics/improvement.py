"""Say what a denoiser gained over doing nothing: nsdr."""

from __future__ import annotations

import math

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.projection import sdr
from benchmarks.metrics.truth import Signal, Truth

NSDR = MetricSpec(
    name="nsdr",
    unit="dB",
    higher_is_better=True,
    range=(-200.0, 200.0),
    definition="sdr(estimate) − sdr(noisy) over the same samples; 0 dB is the untouched mixture.",
    citation="Ozerov, Philippe, Bimbot, Gribonval: Adaptation of Bayesian models for "
    "single-channel source separation, IEEE TASLP 15(5), 2007.",
    known_as='"NSDR" of the singing-voice separation papers, "SDRi" of the speech ones; '
    "GNSDR is its mean weighted by length.",
    min_samples=513,
)


def nsdr(estimate: Signal, truth: Truth) -> Score:
    """Return how much higher the estimate's sdr is than that of the mixture, in dB.

    Where either is saturated the difference is a bound, and its reason says so.

    Raises:
        ValueError: if the truth holds no mixture.
    """
    before = truth.recall(_untouched)
    after = sdr(estimate, truth)
    for score in (after, before):
        if math.isnan(score.value):
            return score
    saturated = "saturated" in (after.reason, before.reason)
    return Score(after.value - before.value, "saturated" if saturated else "ok")


def _untouched(truth: Truth) -> Score:
    if truth.noisy is None:
        raise ValueError("nsdr measures from the mixture; give it as Truth(…, noisy=…)")
    return sdr(truth.noisy, truth)
