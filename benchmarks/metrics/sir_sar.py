"""Split the error of an estimate into interference and artefacts: sir, sar, si_sir and si_sar.

With one reference BSS Eval's SIR is infinite and its SAR is the SDR. A mixture that we made has a
second reference, its true noise v: the estimate y is projected on s and on s and v together, each
with its delays, and

    SIR = 10·log10(|P_s·y|² / |P_sv·y − P_s·y|²),    SAR = 10·log10(|P_sv·y|² / |y − P_sv·y|²).

Of a microphone that hears several other sources v is their sum, its bleed. A debleeder that takes
away more of one than of another leaves what is no delayed v, and would be charged with artefacts
for it. So there every other target is a reference beside v: what is left of any of them is
interference. v stays among them where delays and responses make it more than they explain.

The two projections are nested, so that the differences are differences of energies, except where
those cancel; there the residual is computed as a signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.signal import oaconvolve

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.correlation import LAGS, correlate
from benchmarks.metrics.projection import CANCELS, system_of
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import SILENCE, decibels, flaw

Real = NDArray[np.float64]

_BSS_EVAL = (
    "Vincent, Gribonval, Févotte: Performance measurement in blind audio source separation, "
    "IEEE TASLP 14(4), 2006 (BSS Eval v3)."
)
_SCALE = "Le Roux, Wisdom, Erdogan, Hershey: SDR – half-baked or well done?, ICASSP 2019."
_MOST_MICROPHONES = 16  # a system of 8192 rows: half a gigabyte, some ten seconds
_REASONS = {
    "silent_noise": "the mixture holds nothing beside the clean signal",
    "too_many_microphones": f"of more than {_MOST_MICROPHONES} microphones the system is too large",
}
_NOISE = (
    " v is all that the mixture holds beside s: noise, or an accompaniment, or in a microphone "
    "among several its bleed, beside which every other target is a reference of its own."
)

SIR = MetricSpec(
    name="sir",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|P_s·y|² / |P_sv·y − P_s·y|²): the clean signal s against what is left of "
    "the true noise v, each with delays of 0 … 511 samples;" + _NOISE,
    citation=_BSS_EVAL,
    known_as='"SIR" of mir_eval.separation.bss_eval_sources given [clean, noise], or all targets '
    "of a session; with the clean signal alone it is infinite.",
    min_samples=1025,
    reasons=_REASONS,
)
SAR = MetricSpec(
    name="sar",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="10·log10(|P_sv·y|² / |y − P_sv·y|²): what clean signal and noise explain against "
    "what neither does, each with delays of 0 … 511 samples;" + _NOISE,
    citation=_BSS_EVAL,
    known_as='"SAR" of mir_eval.separation.bss_eval_sources given [clean, noise], or all targets '
    "of a session; the mixture itself has no artefacts but rounding, and mostly saturates.",
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
    if truth.session and len(truth.session.targets.signals) > _MOST_MICROPHONES:
        return spec.undefined("too_many_microphones")
    parts = truth.shared(estimate, make)
    if spec in (SIR, SI_SIR):
        return decibels(parts.target, parts.interference)
    return decibels(parts.explained, parts.artefacts)


def _others(truth: Truth) -> list[Real]:
    """Return the targets of other microphones that sound."""
    others = truth.session.others if truth.session else []
    return [np.asarray(signal, dtype=np.float64) for signal in others if np.any(signal)]


def _parts_without_delays(estimate: Signal, truth: Truth) -> _Parts:
    samples = np.asarray(estimate, dtype=np.float64)
    references = np.stack([truth.signal, truth.noise, *_others(truth)])
    target = truth.signal * (np.dot(truth.signal, samples) / truth.energy)
    explained = linalg.lstsq(references.T, samples)[0] @ references
    interference, artefacts = _energy(explained - target), _energy(samples - explained)
    return _Parts(_energy(target), _energy(explained), interference, artefacts)


def _parts(estimate: Signal, truth: Truth) -> _Parts:
    samples = np.asarray(estimate, dtype=np.float64)
    system = truth.recall(system_of)
    correlations = np.concatenate([correlate(one, samples) for one in system.analysed])
    own = correlations[system.own]
    alone, together = system.alone(own), system.together(correlations)
    energy, target = _energy(samples), float(np.dot(alone, own))
    explained = float(np.dot(together, correlations))
    interference, artefacts = explained - target, energy - explained
    if min(interference, artefacts) < CANCELS * energy:
        filters = zip(system.references, together.reshape(-1, LAGS), strict=True)
        whole = np.sum([oaconvolve(signal, taps) for signal, taps in filters], axis=0)
        interference = _energy(whole - oaconvolve(truth.signal, alone))
        whole[: len(samples)] -= samples
        artefacts = _energy(whole)
    return _Parts(target, explained, interference, artefacts)


def _energy(signal: Real) -> float:
    return float(np.dot(signal, signal))
