"""Score estimates of one mixture with several metrics, describe metrics, and test them."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import REASONS, MetricSpec, Score
from benchmarks.metrics.reference import Session, Signal, Tracks, Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.metrics.sir_sar import sar, si_sar, si_sir, sir
from benchmarks.metrics.snr import snr
from benchmarks.registry import Entry
from benchmarks.registry import metric as registered
from benchmarks.registry import metrics as all_registered
from mn_dataset.errors import MissingExtra, MnError

Metric = Callable[[Signal, Truth], Score]
Audio = NDArray[np.floating[Any]]
"""Audio of shape (channels, time)."""

DEFAULT_METRICS = ("snr", "si_sdr", "sdr", "nsdr", "pesq", "stoi", "lsd")
CHANNELS = (
    "Channels are scored one by one, and their scores averaged (decibels as decibels); museval "
    "joins the channels' energies first. Alike channels have the same score either way; music that "
    "stands 40 dB lower in one of two channels under the same noise has 17 dB less snr here."
)
"""How all metrics treat channels, for whoever reads their definitions."""

_AGREES_DB = 1e-9
_LENGTH = 20_000


class Scorer:
    """What scores every denoiser's estimate of one mixture against one clean signal.

    Channels are scored one by one; the mean of their scores is the score (energies are not joined,
    see ``CHANNELS``), and the first undefined one decides.

    Args:
        reference: The clean signal, shape (channels, time).
        sampling_rate: Its rate in Hz.
        noisy: The mixture, same shape; improvements (nsdr, si_sdri) need it.
        metrics: Registered names, in the order of the scores.
        sessions: The microphones and targets that the mixture is one of, per channel; () where
            there is no microphone per target.
    """

    def __init__(
        self,
        reference: Audio,
        sampling_rate: int,
        *,
        noisy: Audio | None = None,
        metrics: Sequence[str] = DEFAULT_METRICS,
        sessions: Sequence[Session] = (),
    ) -> None:
        self.reference = reference
        self.sampling_rate = sampling_rate
        self.noisy = noisy
        self.metrics = tuple(metrics)
        self.sessions = sessions

    def score(self, estimate: Audio, *, estimates: Sequence[Tracks] = ()) -> dict[str, Score]:
        """Return one score per metric; a metric that is not installed has that as its reason.

        Args:
            estimate: Shape (channels, time).
            estimates: Those of all targets of the session, per channel; () where there is none.

        >>> clean = np.sin(np.arange(4096.0) ** 2)[np.newaxis]
        >>> Scorer(clean, 44_100, metrics=["snr"]).score(0.9 * clean)
        {'snr': Score(value=20.0, reason='ok')}

        Raises:
            UnknownName: if a metric is not registered.
            ValueError: if the estimate has another shape than the reference, or a metric needs
                a mixture and there is none.
        """
        if estimate.shape != self.reference.shape or estimate.ndim != 2:
            raise ValueError(
                f"the estimate has shape {estimate.shape}, the reference "
                f"{self.reference.shape}; expected one shape (channels, time) for both"
            )
        among: Sequence[Tracks | None] = estimates or [None] * len(estimate)
        channels = [
            self._channel(channel, truth, tracks)
            for channel, truth, tracks in zip(estimate, self._truths, among, strict=True)
        ]
        return {
            name: _over_channels([scores[name] for scores in channels]) for name in self.metrics
        }

    @property
    def library_s(self) -> float:
        """Seconds spent so far inside the libraries of metrics (pesq, pystoi, …)."""
        return sum(truth.library_s for truth in self._truths)

    def _channel(self, channel: Signal, truth: Truth, estimates: Tracks | None) -> dict[str, Score]:
        with truth.scoring(channel, estimates):
            return {
                name: _score(name, metric, channel, truth)
                for name, metric in self._functions.items()
            }

    @cached_property
    def _truths(self) -> list[Truth]:
        none = [None] * len(self.reference)
        noisy = none if self.noisy is None else self.noisy
        return [
            Truth(clean, self.sampling_rate, noisy=mixture, session=session)
            for clean, mixture, session in zip(
                self.reference, noisy, self.sessions or none, strict=True
            )
        ]

    @cached_property
    def _functions(self) -> dict[str, Metric]:
        return {name: registered(name).load() for name in self.metrics}


def describe(names: Iterable[str] | None = None) -> list[MetricSpec]:
    """Return the specs of the named metrics, or of all; needs no optional package.

    >>> [spec.unit for spec in describe(["sdr", "lsd"])]
    ['dB', 'dB']

    Raises:
        UnknownName: if a metric is not registered.
    """
    chosen = all_registered() if names is None else names
    return [_spec(registered(name)) for name in chosen]


@cache
def reasons() -> dict[str, str]:
    """Return what each reason means: those that all metrics share, and those of single ones.

    >>> reasons()["no_high_band"]
    'the clean signal has no energy above 8 kHz'
    """
    return REASONS | {name: text for spec in describe() for name, text in spec.reasons.items()}


def missing(names: Iterable[str]) -> list[Entry]:
    """Return the named metrics whose optional package is not installed.

    Raises:
        UnknownName: if a metric is not registered.
    """
    return [entry for entry in map(registered, names) if not entry.installed]


def self_test() -> None:
    """Score a pair whose every number is known, to prove this machine's transforms and solvers.

    A linear algebra library may be broken, or built for another processor; its numbers would look
    like numbers. So signals whose scores follow by hand are scored before a run: an impulse, whose
    delays are the unit vectors, answered by known parts inside and outside of what they span.

    Raises:
        MnError: naming the metric that is wrong here.
    """
    clean, noise, estimate = np.zeros((3, _LENGTH))
    clean[0], noise[9_000] = 1.0, 0.5
    estimate[0], estimate[300] = 0.8, 0.6  # in what the impulse and its delays span: energy 1
    estimate[9_000], estimate[9_100] = 0.3, 0.4  # in the noise's: 0.25
    estimate[19_000] = 0.1  # in neither: 0.01
    expected = {
        snr: _db(1.0, 0.2**2 + 0.6**2 + 0.26),
        si_sdr: _db(0.64, 0.36 + 0.26),
        sdr: _db(1.0, 0.26),
        sir: _db(1.0, 0.25),
        sar: _db(1.25, 0.01),
        si_sir: _db(0.64, 0.09),
        si_sar: _db(0.73, 0.36 + 0.16 + 0.01),
    }
    truth = Truth(clean, 44_100, noisy=clean + noise)
    for metric, value in expected.items():
        score = metric(estimate, truth).value
        if not abs(score - value) <= _AGREES_DB:
            raise MnError(
                f"self-test: {metric.__name__} is {score:.9f} dB, expected {value:.9f} dB: the "
                "numpy or scipy of this environment computes wrongly; install them again"
            )


def _spec(entry: Entry) -> MetricSpec:
    module = importlib.import_module(entry.module)
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, MetricSpec) and value.name == entry.name
    )


def _score(name: str, metric: Metric, estimate: Signal, truth: Truth) -> Score:
    try:
        return metric(estimate, truth)
    except MissingExtra:
        return _spec(registered(name)).undefined("not_installed")


def _over_channels(scores: list[Score]) -> Score:
    for score in scores:
        if math.isnan(score.value):
            return score
    saturated = any(score.reason == "saturated" for score in scores)
    mean = math.fsum(score.value for score in scores) / len(scores)
    return Score(mean, "saturated" if saturated else "ok")


def _db(signal: float, error: float) -> float:
    return 10.0 * math.log10(signal / error)
