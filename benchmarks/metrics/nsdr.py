"""Compute improvements over the mixture: nsdr, si_sdri."""

from __future__ import annotations

import math

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr

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


SI_SDRI = MetricSpec(
    name="si_sdri",
    unit="dB",
    higher_is_better=True,
    range=(-200.0, 200.0),
    definition="si_sdr(estimate) − si_sdr(noisy) over the same samples; 0 dB is the untouched "
    "mixture.",
    citation="Le Roux, Wisdom, Erdogan, Hershey: SDR – half-baked or well done?, ICASSP 2019, of "
    "the difference that Isik, Le Roux, Chen, Watanabe, Hershey report, Interspeech 2016.",
    known_as='"SI-SDRi" and "SI-SDR improvement" of separation papers; "SI-SNRi" where the mean is '
    "removed first. Its mean is the delta of si_sdr.",
)


def nsdr(estimate: Signal, truth: Truth) -> Score:
    """Return how much higher the estimate's sdr is than that of the mixture, in dB.

    Where either is saturated the difference is a bound, and its reason says so.

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _gained(truth.recall(_sdr_untouched), sdr(estimate, truth))


def si_sdri(estimate: Signal, truth: Truth) -> Score:
    """Return how much higher the estimate's si_sdr is than that of the mixture, in dB.

    Where either is saturated the difference is a bound, and its reason says so.

    Raises:
        ValueError: if the truth holds no mixture.

    >>> import numpy as np
    >>> truth = Truth(np.array([1.0, 0.0]), 44_100, noisy=np.array([1.0, 1.0]))
    >>> si_sdri(np.array([1.0, 0.1]), truth).value.__round__(6)
    20.0
    """
    return _gained(truth.recall(_si_sdr_untouched), si_sdr(estimate, truth))


def _gained(before: Score, after: Score) -> Score:
    for score in (after, before):
        if math.isnan(score.value):
            return score
    saturated = "saturated" in (after.reason, before.reason)
    return Score(after.value - before.value, "saturated" if saturated else "ok")


def _sdr_untouched(truth: Truth) -> Score:
    return sdr(_mixture(truth, "nsdr"), truth)


def _si_sdr_untouched(truth: Truth) -> Score:
    return si_sdr(_mixture(truth, "si_sdri"), truth)


def _mixture(truth: Truth, metric: str) -> Signal:
    if truth.noisy is None:
        raise ValueError(f"{metric} measures from the mixture; give it as Truth(…, noisy=…)")
    return truth.noisy
