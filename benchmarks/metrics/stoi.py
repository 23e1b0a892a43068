"""Compute short-time objective intelligibility, plain and extended: stoi and estoi.

Both compare the envelopes of third-octave bands up to 4.3 kHz, in the frames where the clean
signal is active. For singing they mean what they say; for instruments they are correlations of
envelopes. The extended measure draws tiny random numbers of numpy's global generator; they are
drawn from a seed here, and the generator is left as it was.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import flaw
from mn_dataset.errors import MissingExtra

logger = logging.getLogger(__name__)

_RATE = 10_000

_REASONS = {"no_utterance": "the metric's activity detector found nothing to score"}

STOI = MetricSpec(
    name="stoi",
    unit="1",
    higher_is_better=True,
    range=(-1.0, 1.0),
    definition="Mean correlation of the third-octave envelopes over 384 ms, at 10 kHz, frames "
    "more than 40 dB below the loudest removed.",
    citation="Taal, Hendriks, Heusdens, Jensen: An algorithm for intelligibility prediction of "
    "time-frequency weighted noisy speech, IEEE TASLP 19(7), 2011.",
    known_as='"STOI" everywhere; "ESTOI" is another measure.',
    sampling_rate=_RATE,
    min_samples=4097,
    package="pystoi",
    extra="perceptual",
    reasons=_REASONS,
    negligible=0.01,
)

ESTOI = MetricSpec(
    name="estoi",
    unit="1",
    higher_is_better=True,
    range=(-1.0, 1.0),
    definition="Mean correlation of third-octave spectra, normalised over bands and over 384 ms, "
    "at 10 kHz, frames more than 40 dB below the loudest removed.",
    citation="Jensen, Taal: An algorithm for predicting the intelligibility of speech masked by "
    "modulated noise maskers, IEEE/ACM TASLP 24(11), 2016.",
    known_as='"ESTOI", and "STOI" in some papers of the DNS and URGENT challenges.',
    sampling_rate=_RATE,
    min_samples=4097,
    package="pystoi",
    extra="perceptual",
    reasons=_REASONS,
    negligible=0.01,
)


def stoi(estimate: Signal, truth: Truth) -> Score:
    """Return the short-time objective intelligibility of the estimate, at most 1.

    Raises:
        MissingExtra: if the package pystoi is not installed.
    """
    return _measured(estimate, truth, STOI, extended=False)


def estoi(estimate: Signal, truth: Truth) -> Score:
    """Return the extended short-time objective intelligibility of the estimate, at most 1.

    Raises:
        MissingExtra: if the package pystoi is not installed.
    """
    return _measured(estimate, truth, ESTOI, extended=True)


def _measured(estimate: Signal, truth: Truth, spec: MetricSpec, *, extended: bool) -> Score:
    try:
        from pystoi import stoi as measure  # noqa: PLC0415, optional
    except ImportError as error:
        raise MissingExtra("pystoi", extra="perceptual") from error
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, spec, constant_is_silent=True):
        return spec.undefined(reason)
    with truth.in_library():  # the resampling is the library's own, too
        reference = truth.recall(_resampled_reference)
        resampled = truth.shared(estimate, _resampled_estimate)
    try:
        with warnings.catch_warnings(), _same_chance(), truth.in_library():
            warnings.filterwarnings("error", "Not enough STFT frames", RuntimeWarning)
            value = float(measure(reference, resampled, _RATE, extended=extended))
    except RuntimeWarning:  # under 30 active frames the library returns 1e-5, as if it had scored
        return spec.undefined("no_utterance")
    except Exception as error:  # whatever the library raises, the run goes on
        logger.warning("pystoi raised %r", error)
        return spec.undefined("library_error")
    return Score(value) if math.isfinite(value) else spec.undefined("library_error")


def _resampled_reference(truth: Truth) -> NDArray[np.float64]:
    return _resampled(truth.signal, truth.sampling_rate)


def _resampled_estimate(estimate: Signal, truth: Truth) -> NDArray[np.float64]:
    return _resampled(np.asarray(estimate, dtype=np.float64), truth.sampling_rate)


@contextmanager
def _same_chance() -> Iterator[None]:
    """Seed numpy's global generator for the library, and give its state back."""
    state = np.random.get_state()  # noqa: NPY002 - the library knows no other
    np.random.seed(0)  # noqa: NPY002
    try:
        yield
    finally:
        np.random.set_state(state)  # noqa: NPY002


def _resampled(samples: NDArray[np.float64], sampling_rate: int) -> NDArray[np.float64]:
    """Resample as the library would, so that its own answer comes out."""
    from pystoi.utils import resample_oct  # noqa: PLC0415, optional

    if sampling_rate == _RATE:
        return samples
    return np.asarray(resample_oct(samples, _RATE, sampling_rate))
