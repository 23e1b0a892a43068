"""Compute PESQ, the ITU's model of speech quality: pesq, pesq_cor2 and, in narrow band, pesq_nb.

It was made for speech at 16 and 8 kHz and hears nothing above 7 and 3.4 kHz; on music at 0 … 15 dB
it stays near its floor. It is here because the papers of this field report it.
"""

from __future__ import annotations

import importlib
import logging
import math
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.contract import MetricSpec, Score
from benchmarks.metrics.reference import Signal, Truth
from benchmarks.metrics.undefined import flaw
from mn_dataset.errors import MissingExtra

logger = logging.getLogger(__name__)

_RATE = 16_000
_NARROW_RATE = 8_000
_PIECE_S = 16

_REASONS = {"no_utterance": "the metric's activity detector found nothing to score"}

PESQ = MetricSpec(
    name="pesq",
    unit="MOS",
    higher_is_better=True,
    range=(0.999, 4.644),
    definition="MOS-LQO of ITU-T P.862.2 (wide band) in the code before Corrigendum 2 (03/2018), "
    "which is what papers report; both signals resampled to 16 kHz; of a signal over 16 s the mean "
    "over equal pieces of at most 16 s.",
    citation="ITU-T P.862.2, 2007; Rix, Beerends, Hollier, Hekstra: Perceptual evaluation of "
    "speech quality (PESQ), ICASSP 2001.",
    known_as='"PESQ-WB" and mostly "PESQ", of the packages pesq and torchmetrics. The standard as '
    "corrected is pesq_cor2, 0.58 higher on 27 mixtures of music (1.50 and 2.08); narrow-band "
    "numbers (P.862.1) are higher, too. None compares with another.",
    sampling_rate=_RATE,
    min_samples=_RATE // 4,
    package="pesq",
    extra="perceptual",
    reasons=_REASONS,
    negligible=0.1,
)

PESQ_NB = MetricSpec(
    name="pesq_nb",
    unit="MOS",
    higher_is_better=True,
    range=(0.999, 4.549),
    definition="MOS-LQO of ITU-T P.862.1 (narrow band), both signals resampled to 8 kHz; of a "
    "signal over 16 s the mean over equal pieces of at most 16 s.",
    citation="ITU-T P.862.1, 2003; Rix, Beerends, Hollier, Hekstra: Perceptual evaluation of "
    "speech quality (PESQ), ICASSP 2001.",
    known_as='"PESQ" of older papers, and "PESQ-NB". Most tools feed the narrow-band mode with '
    "16 kHz, which gives less: 0.08 on 27 mixtures of music, up to 0.47 on cleaner estimates. "
    "Wide-band numbers (pesq) are lower; none compares with another.",
    sampling_rate=_NARROW_RATE,
    min_samples=_NARROW_RATE // 4,
    package="pesq",
    extra="perceptual",
    reasons=_REASONS,
    negligible=0.1,
)

PESQ_COR2 = MetricSpec(
    name="pesq_cor2",
    unit="MOS",
    higher_is_better=True,
    range=(0.999, 4.644),
    definition="MOS-LQO of ITU-T P.862.2 (wide band) with Corrigendum 2 (03/2018), which corrects "
    "the level of the loudness model; both signals resampled to 16 kHz; of a signal over 16 s the "
    "mean over equal pieces of at most 16 s.",
    citation="ITU-T P.862 Corrigendum 2, 2018, as the package pesqc2 has it; ITU-T P.862.2, 2007.",
    known_as='"PESQ" of pesqc2 (github.com/audiolabs/PESQ) and of few papers; most report pesq, '
    "which is lower and does not compare. Narrow band is as before the corrigendum.",
    sampling_rate=_RATE,
    min_samples=_RATE // 4,
    package="pesqc2",
    # It declares numpy<2, and builds and runs with numpy 2: no extra of ours can name it.
    command="pip install cython setuptools wheel && "
    "pip install --use-pep517 --no-build-isolation --no-deps pesqc2",
    reasons=_REASONS,
    negligible=0.1,
)

_TOO_SHORT, _NO_UTTERANCE = -6.0, -7.0  # what the library returns in place of an opinion


def pesq(estimate: Signal, truth: Truth) -> Score:
    """Return the wide-band PESQ of the estimate, from 1 (bad) to 4.64 (transparent).

    Raises:
        MissingExtra: if the package pesq is not installed.
    """
    return _mos(estimate, truth, PESQ, mode="wb")


def pesq_nb(estimate: Signal, truth: Truth) -> Score:
    """Return the narrow-band PESQ of the estimate, from 1 (bad) to 4.55 (transparent).

    Raises:
        MissingExtra: if the package pesq is not installed.
    """
    return _mos(estimate, truth, PESQ_NB, mode="nb")


def pesq_cor2(estimate: Signal, truth: Truth) -> Score:
    """Return the wide-band PESQ as corrected in 2018, from 1 (bad) to 4.64 (transparent).

    Raises:
        MissingExtra: if the package pesqc2 is not installed.
    """
    return _mos(estimate, truth, PESQ_COR2, mode="wb")


def _library(spec: MetricSpec) -> Any:
    package = spec.package or ""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingExtra(package, extra=spec.extra or "", command=spec.command or "") from error


def _mos(estimate: Signal, truth: Truth, spec: MetricSpec, *, mode: str) -> Score:
    library = _library(spec)
    samples = np.asarray(estimate, dtype=np.float64)
    if reason := flaw(samples, truth, spec, constant_is_silent=True):
        return spec.undefined(reason)
    rate = _NARROW_RATE if mode == "nb" else _RATE
    reference = truth.recall(_narrow_reference if mode == "nb" else _resampled_reference)
    resampled = _resampled(samples, truth.sampling_rate, rate)
    # The library counts utterances into arrays of 50 and writes past their end (it crashes the
    # process); an utterance and its pause last 0.4 s at least, so 16 s cannot hold so many.
    pieces = math.ceil(len(reference) / (_PIECE_S * rate))
    try:
        with truth.in_library():
            values = [
                float(library.pesq(rate, clean, piece, mode, library.PesqError.RETURN_VALUES))
                for clean, piece in zip(
                    np.array_split(reference, pieces),
                    np.array_split(resampled, pieces),
                    strict=True,
                )
                if clean.any()
            ]
    except Exception as error:  # a C library's wrapper: whatever it raises, the run goes on
        logger.warning("%s raised %r", spec.package, error)
        return spec.undefined("library_error")
    return _opinion(values, spec)


def _opinion(values: list[float], spec: MetricSpec) -> Score:
    """Return the mean over the pieces in which something was said."""
    scored = [value for value in values if value not in (_TOO_SHORT, _NO_UTTERANCE)]
    if not scored:
        return spec.undefined("too_short" if _TOO_SHORT in values else "no_utterance")
    if any(math.isnan(value) or value < 0.0 for value in scored):
        return spec.undefined("library_error")
    return Score(math.fsum(scored) / len(scored))


def _resampled_reference(truth: Truth) -> NDArray[np.float64]:
    return _resampled(truth.signal, truth.sampling_rate, _RATE)


def _narrow_reference(truth: Truth) -> NDArray[np.float64]:
    return _resampled(truth.signal, truth.sampling_rate, _NARROW_RATE)


def _resampled(samples: NDArray[np.float64], sampling_rate: int, rate: int) -> NDArray[np.float64]:
    return np.asarray(soxr.resample(samples, sampling_rate, rate, quality="VHQ"))
