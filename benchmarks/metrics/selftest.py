"""Prove before a run that this machine's transforms and solvers give the numbers they must.

A linear algebra library may be broken, or built for another processor; the numbers would look like
numbers. So signals whose scores follow by hand are scored first: an impulse, whose delays are the
unit vectors, answered by known parts inside and outside of what they span.
"""

from __future__ import annotations

import math

import numpy as np

from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr import sdr
from benchmarks.metrics.si_sdr import si_sdr
from benchmarks.metrics.sir_sar import sar, si_sar, si_sir, sir
from benchmarks.metrics.snr import snr
from mn_dataset.errors import MnError

_AGREES_DB = 1e-9
_LENGTH = 20_000


def check() -> None:
    """Score a pair whose every number is known.

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
        found = metric(estimate, truth).value
        if not abs(found - value) <= _AGREES_DB:
            raise MnError(
                f"self-test: {metric.__name__} is {found:.9f} dB, expected {value:.9f} dB: the "
                "numpy or scipy of this environment computes wrongly; install them again"
            )


def _db(signal: float, error: float) -> float:
    return 10.0 * math.log10(signal / error)
