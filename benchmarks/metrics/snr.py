"""Compare the estimate with the clean signal sample by sample: snr, and snr_frames by the second.

Nothing is forgiven: a gain, a delay and a filter count as error, as they do in a waveform.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import LIMIT_DB, decibels, flaw

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

SNR_FRAMES = MetricSpec(
    name="snr_frames",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="Median over whole seconds of 10·log10(|s|² / |s − y|²); seconds in which the clean "
    "signal or the estimate is silent are left away; less than a second is one frame.",
    citation="Stöter, Liutkus, Ito: The 2018 signal separation evaluation campaign, LVA/ICA 2018.",
    known_as='"SDR" of museval (BSS Eval v4, mono) given one source alone: the median over frames '
    "of one second. sdr_v4 is that of two sources together.",
)


def snr_frames(estimate: Signal, truth: Truth) -> Score:
    """Return the median over seconds of the signal-to-noise ratio of the estimate in dB.

    >>> clean = np.ones(3)
    >>> snr_frames(clean + [0.1, 0.01, 0.1], Truth(clean, 1)).value.__round__(6)
    20.0
    """
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SNR_FRAMES):
        return SNR_FRAMES.undefined(reason)
    clean, frames = (
        whole_seconds(signal, truth.sampling_rate) for signal in (truth.signal, samples)
    )
    audible = clean.any(axis=1) & frames.any(axis=1)
    if not audible.any():
        return SNR_FRAMES.undefined("silent_reference" if not clean.any() else "silent_estimate")
    return over_frames(clean[audible], frames[audible], np.median)


def whole_seconds(signal: NDArray[np.float64], sampling_rate: int) -> NDArray[np.float64]:
    """Cut a signal into frames of a second, shape (frames, time); the rest is left away.

    Less than a second is one frame.
    """
    frame = min(sampling_rate, len(signal))
    count = len(signal) // frame
    return signal[: count * frame].reshape(count, frame)


def over_frames(
    clean: NDArray[np.float64], estimate: NDArray[np.float64], average: Callable[[Any], Any]
) -> Score:
    """Return what frames, (frames, time), come to of 10·log10(|s|² / |s − y|²) in dB.

    Args:
        clean: The clean signal.
        estimate: The estimate.
        average: Of the frames' values, such as their median.
    """
    energies = np.square(clean).sum(axis=1), np.square(clean - estimate).sum(axis=1)
    ratios = [decibels(*map(float, pair)).value for pair in zip(*energies, strict=True)]
    value = float(average(ratios))
    return Score(value, "saturated" if abs(value) == LIMIT_DB else "ok")


def snr(estimate: Signal, truth: Truth) -> Score:
    """Return the signal-to-noise ratio of the estimate in dB.

    >>> snr(np.array([1.0, 1.1]), Truth(np.array([1.0, 1.0]), 44_100)).value.__round__(6)
    23.0103
    """
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SNR):
        return SNR.undefined(reason)
    error = truth.signal - samples
    return decibels(truth.energy, float(np.dot(error, error)))
