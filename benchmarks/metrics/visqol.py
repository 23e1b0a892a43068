"""Compute ViSQOL in audio mode, a model of how listeners rate coded music.

Spectra of a bank of gammatone filters are compared patch by patch, up to 24 kHz, and a regression
turns their likeness into an opinion. It tells noisy music apart where PESQ is at its floor; it
takes a second per clip, and so is asked by name only.
"""

from __future__ import annotations

import logging
import math
import warnings
from functools import cache
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import flaw
from mn_dataset.errors import MissingExtra

logger = logging.getLogger(__name__)

_RATE = 48_000

VISQOL = MetricSpec(
    name="visqol",
    unit="MOS",
    higher_is_better=True,
    range=(1.0, 5.0),
    definition="MOS-LQO of ViSQOL v3 in audio mode, both signals resampled to 48 kHz; identical "
    "signals have 4.73. It aligns and levels the estimate first: no delay and no gain counts.",
    citation="Chinen, Lim, Skoglund, Gureev, O'Gorman, Hines: ViSQOL v3: an open source production "
    "ready objective speech and audio metric, QoMEX 2020.",
    known_as='"ViSQOL" or "ViSQOLAudio"; numbers of its speech mode do not compare.',
    sampling_rate=_RATE,
    min_samples=_RATE,
    package="visqol",
    extra="visqol",
    negligible=0.1,
)


def visqol(estimate: Signal, truth: Truth) -> Score:
    """Return the opinion of the estimate, from 1 (bad) to 4.73 (as the clean signal).

    Raises:
        MissingExtra: if the package visqol-python is not installed.
    """
    listener = _listener()
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, VISQOL, constant_is_silent=True):
        return VISQOL.undefined(reason)
    reference = truth.recall(_resampled_reference)
    resampled = _resampled(samples, truth.sampling_rate)
    try:
        with truth.in_library(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of divisions by silent patches, which it handles
            value = float(listener.measure_from_arrays(reference, resampled, _RATE).moslqo)
    except Exception as error:  # whatever the library raises, the run goes on
        logger.warning("visqol raised %r", error)
        return VISQOL.undefined("library_error")
    return Score(value) if math.isfinite(value) else VISQOL.undefined("library_error")


@cache
def _listener() -> Any:
    try:
        from visqol import VisqolApi  # noqa: PLC0415, optional
    except ImportError as error:
        raise MissingExtra("visqol", extra="visqol") from error
    listener = VisqolApi()
    listener.create(mode="audio")
    return listener


def _resampled_reference(truth: Truth) -> NDArray[np.float64]:
    return _resampled(truth.signal, truth.sampling_rate)


def _resampled(samples: NDArray[np.float64], sampling_rate: int) -> NDArray[np.float64]:
    return np.asarray(soxr.resample(samples, sampling_rate, _RATE, quality="VHQ"))
