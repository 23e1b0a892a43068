"""Split the error of an estimate into interference and artefacts: sir, sar, si_sir and si_sar.

With one reference BSS Eval's SIR is infinite and its SAR is the SDR. A mixture that we made has a
second reference, its true noise v: the estimate y is projected on s and on s and v together, each
with its delays, and

    SIR = 10·log10(|P_s·y|² / |P_sv·y − P_s·y|²),    SAR = 10·log10(|P_sv·y|² / |y − P_sv·y|²).

The two projections are nested, so that the differences are differences of energies, except where
those cancel; there the residual is computed as a signal. All estimates of one mixture share the
factor of its 1024 × 1024 system (Cholesky: batched LU hangs in some builds of LAPACK).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.signal import oaconvolve

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.correlation import Analysed, analyse, correlate
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import SILENCE, decibels, flaw

Real = NDArray[np.float64]

_BSS_EVAL = (
    "Vincent, Gribonval, Févotte: Performance measurement in blind audio source separation, "
    "IEEE TASLP 14(4), 2006 (BSS Eval v3)."
)
_SCALE = "Le Roux, Wisdom, Erdogan, Hershey: SDR – half-baked or well done?, ICASSP 2019."
_REASONS = {"silent_noise": "the mixture holds no noise beside the clean signal"}

SIR = MetricSpec(
    name="sir",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|P_s·y|² / |P_sv·y − P_s·y|²): the clean signal against what is left of "
    "the true noise v, each with delays of 0 … 511 samples.",
    citation=_BSS_EVAL,
    known_as='"SIR" of mir_eval.separation.bss_eval_sources given [clean, noise]; with the clean '
    "signal alone it is infinite.",
    min_samples=1025,
    reasons=_REASONS,
)
SAR = MetricSpec(
    name="sar",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|P_sv·y|² / |y − P_sv·y|²): what clean signal and noise explain against "
    "what neither does, each with delays of 0 … 511 samples.",
    citation=_BSS_EVAL,
    known_as='"SAR" of mir_eval.separation.bss_eval_sources given [clean, noise]; the mixture '
    "itself has none, and saturates.",
    min_samples=1025,
    reasons=_REASONS,
)
SI_SIR = MetricSpec(
    name="si_sir",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="sir with one tap: projections on s and on s and v without delays.",
    citation=_SCALE,
    known_as='"SI-SIR" of fast_bss_eval and of asteroid.',
    min_samples=3,
    reasons=_REASONS,
)
SI_SAR = MetricSpec(
    name="si_sar",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="sar with one tap: projections on s and on s and v without delays.",
    citation=_SCALE,
    known_as='"SI-SAR" of fast_bss_eval and of asteroid.',
    min_samples=3,
    reasons=_REASONS,
)

_CANCELS = 1e-6  # share under which a difference of energies has too few good digits


@dataclass(frozen=True)
class _Parts:
    """Energies of an estimate's parts."""

    target: float
    explained: float
    interference: float
    artefacts: float


def sir(estimate: Signal, truth: Truth) -> Score:
    """Return the signal-to-interference ratio of the estimate in dB, forgiving 512 taps.

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _ratio(estimate, truth, SIR, _parts)


def sar(estimate: Signal, truth: Truth) -> Score:
    """Return the signal-to-artefacts ratio of the estimate in dB, forgiving 512 taps.

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _ratio(estimate, truth, SAR, _parts)


def si_sir(estimate: Signal, truth: Truth) -> Score:
    """Return the scale-invariant signal-to-interference ratio of the estimate in dB.

    >>> s, v = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    >>> si_sir(s + 0.1 * v, Truth(s, 44_100, noisy=s + v)).value.__round__(6)
    20.0

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _ratio(estimate, truth, SI_SIR, _parts_without_delays)


def si_sar(estimate: Signal, truth: Truth) -> Score:
    """Return the scale-invariant signal-to-artefacts ratio of the estimate in dB.

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _ratio(estimate, truth, SI_SAR, _parts_without_delays)


def _ratio(
    estimate: Signal, truth: Truth, spec: MetricSpec, make: Callable[[Signal, Truth], _Parts]
) -> Score:
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, spec):
        return spec.undefined(reason)
    noise = truth.noise
    if float(np.dot(noise, noise)) <= SILENCE * truth.energy:
        return spec.undefined("silent_noise")
    parts = truth.shared(estimate, make)
    if spec in (SIR, SI_SIR):
        return decibels(parts.target, parts.interference)
    return decibels(parts.explained, parts.artefacts)


def _parts_without_delays(estimate: Signal, truth: Truth) -> _Parts:
    samples = np.asarray(estimate, dtype=np.float64)
    both = np.stack([truth.signal, truth.noise])
    target = both[0] * (np.dot(both[0], samples) / truth.energy)
    explained = linalg.lstsq(both.T, samples)[0] @ both
    interference, artefacts = _energy(explained - target), _energy(samples - explained)
    return _Parts(_energy(target), _energy(explained), interference, artefacts)


def _parts(estimate: Signal, truth: Truth) -> _Parts:
    samples = np.asarray(estimate, dtype=np.float64)
    system = truth.recall(_system)
    correlations = np.concatenate([correlate(own, samples) for own in system.analysed])
    half = len(correlations) // 2
    alone = system.alone(correlations[:half])
    together = system.together(correlations)
    energy, target = _energy(samples), float(np.dot(alone, correlations[:half]))
    explained = float(np.dot(together, correlations))
    interference, artefacts = explained - target, energy - explained
    if min(interference, artefacts) < _CANCELS * energy:
        parts = [
            oaconvolve(own, taps)
            for own, taps in (
                (truth.signal, alone),
                (truth.signal, together[:half]),
                (truth.noise, together[half:]),
            )
        ]
        whole = parts[1] + parts[2]
        interference = _energy(whole - parts[0])
        whole[: len(samples)] -= samples
        artefacts = _energy(whole)
    return _Parts(target, explained, interference, artefacts)


@dataclass(frozen=True)
class _System:
    """The references of a mixture, and what solves for their taps."""

    analysed: tuple[Analysed, Analysed]
    alone: Callable[[Real], Real]
    together: Callable[[Real], Real]


def _system(truth: Truth) -> _System:
    clean, noise = analyse(truth.signal), analyse(truth.noise)
    ahead, behind = correlate(clean, truth.noise), correlate(noise, truth.signal)
    cross = linalg.toeplitz(ahead, behind)
    own, other = linalg.toeplitz(clean.autocorrelation), linalg.toeplitz(noise.autocorrelation)
    together = np.block([[own, cross], [cross.T, other]])
    return _System((clean, noise), _solver(own), _solver(together))


def _solver(matrix: Real) -> Callable[[Real], Real]:
    """Factor once; a system that is singular in double precision takes the shortest taps."""
    try:
        factor = linalg.cho_factor(matrix)
    except linalg.LinAlgError:
        return lambda right: np.asarray(linalg.lstsq(matrix, right)[0])
    return lambda right: np.asarray(linalg.cho_solve(factor, right))


def _energy(signal: Real) -> float:
    return float(np.dot(signal, signal))
