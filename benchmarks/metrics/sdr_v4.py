"""Compare the estimate with its target second by second as museval does: sdr_v4.

BSS Eval v4 cuts its references and estimates into frames. In each it writes the error as a sum of
three, of filtering, of interference and of artefacts; their sum is y − s whatever the filters are,
and so its SDR is the plain ratio of |s|² to |s − y|². A frame in which any reference or any
estimate is zero throughout has no value for any target. So what is scored of an accompaniment are
the seconds in which somebody sings too: that is where this differs from ``snr_frames``.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.snr import median_ratio, whole_seconds
from benchmarks.metrics.undefined import flaw

SDR_V4 = MetricSpec(
    name="sdr_v4",
    unit="dB",
    higher_is_better=True,
    range=(-100.0, 100.0),
    definition="Median over whole seconds of 10·log10(|s|² / |s − y|²); seconds in which the "
    "target s, the rest of the mixture or the estimate y is silent are left away; less than a "
    "second is one frame.",
    citation="Stöter, Liutkus, Ito: The 2018 signal separation evaluation campaign, LVA/ICA 2018 "
    "(BSS Eval v4, museval).",
    known_as='"SDR" of museval given the target and the rest of the mixture, such as voice and '
    "accompaniment, as SiSEC and MUSDB18 papers report it, of one channel: museval joins the "
    "channels' energies first, here channels are scored one by one. There a second in which the "
    "other estimate is silent is left away as well; here an estimate is scored without the other.",
    reasons={
        "silent_rest": "the mixture holds nothing beside the target",
        "never_together": "in no second the target, the rest of the mixture and the estimate sound",
    },
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
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, SDR_V4):
        return SDR_V4.undefined(reason)
    if not truth.noise.any():
        return SDR_V4.undefined("silent_rest")
    target, rest, answer = (
        whole_seconds(signal, truth.sampling_rate)
        for signal in (truth.signal, truth.noise, samples)
    )
    together = target.any(axis=1) & rest.any(axis=1) & answer.any(axis=1)
    if not together.any():
        return SDR_V4.undefined("never_together")
    return median_ratio(target[together], answer[together])
