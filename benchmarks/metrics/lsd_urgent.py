"""Compute the log-spectral distance of the URGENT challenges: lsd_urgent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.signal import get_window

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import flaw

LSD_URGENT = MetricSpec(
    name="lsd_urgent",
    unit="1",
    higher_is_better=False,
    range=(0.0, 100.0),
    negligible=0.1,
    definition="Mean over frames of the root mean square over bins of ln(|S|² / (|aY| + ε)² + ε), "
    "ε = 1e-8, a = ⟨s, y⟩ / (|y|² + ε), periodic Hann window of 32 ms, hop 16 ms, zeros around the "
    "signal so that the first frame's middle is the first sample. There is no floor below which "
    "nothing counts: digital silence in the estimate costs up to 37 (e-folds of power) a bin.",
    citation="Zhang et al.: URGENT challenge: universality, robustness, and generalizability for "
    "speech enhancement, Interspeech 2024; urgent2024_challenge, urgent2025_challenge, "
    "evaluation_metrics/calculate_intrusive_se_metrics.py, lsd_metric.",
    known_as='"LSD" of the URGENT challenges (2024, 2025, 2026); times 4.34 it would be decibels.',
)

_EPSILON = 1e-8
_WINDOW_S, _HOP_S = 0.032, 0.016


def lsd_urgent(estimate: Signal, truth: Truth) -> Score:
    """Return URGENT's log-spectral distance in e-folds of power; lower is better.

    >>> truth = Truth(np.sin(np.arange(4096.0) ** 2), 44_100)
    >>> round(lsd_urgent(0.5 * truth.signal, truth).value, 6)
    0.0
    """
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, LSD_URGENT):
        return LSD_URGENT.undefined(reason)
    inner = float(np.dot(truth.signal, samples))
    gain = inner / (float(np.dot(samples, samples)) + _EPSILON)
    heard = _magnitudes(gain * samples, truth.sampling_rate) + _EPSILON
    ratios = np.square(truth.recall(_reference) / heard)
    logarithms = np.log(ratios + _EPSILON)
    return Score(float(np.sqrt(np.mean(np.square(logarithms), axis=1)).mean()))


def _reference(truth: Truth) -> NDArray[np.float64]:
    return _magnitudes(truth.signal, truth.sampling_rate)


def _magnitudes(signal: NDArray[np.float64], sampling_rate: int) -> NDArray[np.float64]:
    """Return |STFT|, shape (frames, bins)."""
    window, hop = int(_WINDOW_S * sampling_rate), int(_HOP_S * sampling_rate)
    padded = np.pad(signal, window // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, window)[::hop]
    return np.abs(fft.rfft(frames * get_window("hann", window)))
