"""Compare the estimate with the clean signal up to a filter of 512 taps: sdr, as in BSS Eval v3.

The estimate y is projected on the clean signal s and its delays by 1 … 511 samples. With the
autocorrelation r of s and the correlation b of s with y, the best filter h solves the symmetric
Toeplitz system T(r)·h = b, and the share of |y|² that the projection holds is
c = ⟨h, b⟩ / |y|², so

    SDR = 10·log10(c / (1 − c)).

Levinson's recursion solves the system in 512² steps. (Scheibler, ICASSP 2022, takes ten steps of
conjugate gradients, which are not enough on band-limited music.) Three traps are avoided:

* 1 − c cancels where the estimate is nearly the projection; there the residual is computed as a
  signal.
* Levinson's recursion is unstable where s has no energy in part of its band; its answer is put
  back into the system, and one that does not fit is replaced by Cholesky's or, where the system
  is singular in double precision, by the shortest filter that fits.
* Nothing here is batched LU, which hangs in some builds of the linear algebra libraries.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg
from scipy.signal import oaconvolve

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.correlation import Analysed, Real, analyse, correlate
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import decibels, flaw

SDR = MetricSpec(
    name="sdr",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|P·y|² / |y − P·y|²) with P the projection on the clean signal delayed "
    "by 0 … 511 samples; a filter and a delay of up to 511 samples are forgiven, an advance not.",
    citation="Vincent, Gribonval, Févotte: Performance measurement in blind audio source "
    "separation, IEEE TASLP 14(4), 2006 (BSS Eval v3).",
    known_as='"SDR" of mir_eval.separation.bss_eval_sources with one source, of fast_bss_eval and '
    'of torchmetrics SignalDistortionRatio; not the "SDR" of museval and of the MDX challenges, '
    "which is snr. Which of the two MusicECAN (2024) reports, its code does not tell.",
    min_samples=513,
)

FITS = 1e-11
"""|b − T·h| / |b| of a sound solution; measured: 1e-15 … 1e-12 on music."""

_CANCELS = 1e-6  # share of the residual under which 1 − c has fewer than nine good digits


def sdr(estimate: Signal, truth: Truth) -> Score:
    """Return the signal-to-distortion ratio of the estimate in dB, forgiving 512 taps.

    >>> s = np.sin(np.arange(4000.0) ** 1.5)
    >>> filtered = np.convolve(s, [0.5, 0.3])[:4000]
    >>> bool(sdr(filtered + 0.01 * np.roll(s, -50), Truth(s, 44_100)).value > 30)
    True
    """
    return truth.shared(estimate, _sdr)


def _sdr(estimate: Signal, truth: Truth) -> Score:
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SDR):
        return SDR.undefined(reason)
    energy = float(np.dot(samples, samples))
    reference = truth.recall(_analysed)
    correlation = correlate(reference, samples)
    taps = _solve(reference.autocorrelation, correlation)
    explained = float(np.dot(taps, correlation))
    if explained < (1.0 - _CANCELS) * energy:
        return decibels(explained, energy - explained)
    projection = oaconvolve(truth.signal, taps)
    residual = projection.copy()
    residual[: len(samples)] -= samples
    return decibels(float(np.dot(projection, projection)), float(np.dot(residual, residual)))


def _analysed(truth: Truth) -> Analysed:
    return analyse(truth.signal)


def _solve(autocorrelation: Real, correlation: Real) -> Real:
    """Solve T(autocorrelation)·h = correlation for the 512 taps h."""
    try:
        taps = np.asarray(linalg.solve_toeplitz(autocorrelation, correlation))
        with np.errstate(all="ignore"):  # an unstable recursion overflows, and then does not fit
            fitted = linalg.matmul_toeplitz(autocorrelation, taps, check_finite=False)
            misfit = np.linalg.norm(correlation - fitted)
        if misfit <= FITS * np.linalg.norm(correlation):
            return taps
    except linalg.LinAlgError:
        pass
    matrix = linalg.toeplitz(autocorrelation)
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(matrix), correlation))
    except linalg.LinAlgError:
        return np.asarray(linalg.lstsq(matrix, correlation)[0])
