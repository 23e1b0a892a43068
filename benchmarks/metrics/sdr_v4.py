"""Compare the estimate with its target second by second as museval does: sdr_v4, sdr_v4_mean.

BSS Eval v4 cuts its references and estimates into frames. In each it writes the error as a sum of
three, of filtering, of interference and of artefacts; their sum is y − s whatever the filters are,
and so its SDR is the plain ratio of |s|² to |s − y|². A frame in which any reference or any
estimate is zero throughout has no value for any target. So what is scored of an accompaniment are
the seconds in which somebody sings too: that is where this differs from ``snr_frames``.

The median over seconds is what papers on separation report, the mean what some on bleed do. A
second without bleed needs nothing done: the microphone's ratio there is infinite, and such seconds
alone would decide its mean. They are left away of every denoiser alike.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.snr import over_frames, whole_seconds
from benchmarks.metrics.undefined import flaw

_SECONDS = (
    "over whole seconds of 10·log10(|s|² / |s − y|²); seconds in which the target s, the rest of "
    "the mixture (of a microphone: its bleed) or the estimate y is silent are left away; less than "
    "a second is one frame."
)
_SOURCE = (
    "Stöter, Liutkus, Ito: The 2018 signal separation evaluation campaign, LVA/ICA 2018 (BSS Eval "
    "v4, museval)."
)
_REASONS = {
    "silent_rest": "the mixture holds nothing beside the target",
    "never_together": "in no second the target, the rest of the mixture and the estimate sound",
}

SDR_V4 = MetricSpec(
    name="sdr_v4",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition=f"Median {_SECONDS}",
    citation=_SOURCE,
    known_as='"SDR" of museval given the target and the rest of the mixture, such as voice and '
    "accompaniment, as SiSEC and MUSDB18 papers report it, of one channel: museval joins the "
    "channels' energies first, here channels are scored one by one. There a second in which the "
    "other estimate is silent is left away as well; here an estimate is scored without the other. "
    "Of several targets museval leaves away the seconds in which any is silent; of one alone it "
    "keeps those without the rest (snr_frames). Seconds that all keep have one value.",
    reasons=_REASONS,
)
SDR_V4_MEAN = MetricSpec(
    name="sdr_v4_mean",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition=f"Mean {_SECONDS}",
    citation=_SOURCE,
    known_as='"SDR" of bleed removal by its-rajesh (Audio-Bleeding-Removal, IRMR, GIRNet): museval '
    "of one target alone, frames of a second, those without a value dropped, the mean of the rest. "
    "There seconds without bleed count, and are infinite where nothing is done.",
    reasons=_REASONS,
)


def sdr_v4(estimate: Signal, truth: Truth) -> Score:
    """Return the median over seconds of the signal-to-distortion ratio of the estimate in dB.

    >>> voice = np.array([1.0, 1.0, 0.0, 1.0])
    >>> truth = Truth(voice, 1, noisy=voice + [1.0, 1.0, 1.0, 0.0])
    >>> sdr_v4(voice + [0.1, 0.1, 0.9, 0.9], truth).value.__round__(6)
    20.0

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _over_seconds(estimate, truth, SDR_V4, np.median)


def sdr_v4_mean(estimate: Signal, truth: Truth) -> Score:
    """Return the mean over seconds of the signal-to-distortion ratio of the estimate in dB.

    >>> voice = np.array([1.0, 1.0, 1.0])
    >>> truth = Truth(voice, 1, noisy=voice + 1.0)
    >>> sdr_v4_mean(voice + [0.1, 0.1, 1.0], truth).value.__round__(2)
    13.33

    Raises:
        ValueError: if the truth holds no mixture.
    """
    return _over_seconds(estimate, truth, SDR_V4_MEAN, np.mean)


def _over_seconds(
    estimate: Signal, truth: Truth, spec: MetricSpec, average: Callable[[Any], Any]
) -> Score:
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, spec):
        return spec.undefined(reason)
    if not truth.noise.any():
        return spec.undefined("silent_rest")
    target, rest, answer = (
        whole_seconds(signal, truth.sampling_rate)
        for signal in (truth.signal, truth.noise, samples)
    )
    together = target.any(axis=1) & rest.any(axis=1) & answer.any(axis=1)
    if not together.any():
        return spec.undefined("never_together")
    return over_frames(target[together], answer[together], average)
