"""Say of a denoiser that its estimates are late, upside down, or of another level throughout.

One estimate tells little: noise blurs a lag, and a denoiser may take a note away. What the median
of all mixtures says is the denoiser's doing, or its declaration's, and no number of a metric that
minds such things is to be read without it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from benchmarks.harness.alignment import MOST_GAIN_DB
from benchmarks.leaderboard.run_folder import Record

_MOST_LAG = 0.1  # samples: 35 dB of SNR
_FAINTEST = 1e-8


@dataclass(frozen=True)
class Verdict:
    """What all estimates of a denoiser have in common.

    Attributes:
        lag: Median samples by which they are late; None where they are too unlike the clean signal.
        gain_db: Median level of the clean signal in them; None where there is no estimate.
        reason: "ok", or the typed reason of their values.
        told: What is wrong, in words; "" if nothing is.
    """

    lag: float | None
    gain_db: float | None
    reason: str
    told: str


def verdict(records: Iterable[Record]) -> Verdict:
    """Judge the estimates of one denoiser.

    >>> half = Record("test/0", {}, seconds=1.0, lag=0.0, gain=0.5)
    >>> verdict([half]).told
    'the clean signal stands in the estimates at -6.0 dB'
    """
    found = [(record.lag, record.gain) for record in records if record.gain is not None]
    if not found:
        return Verdict(None, None, "ok", "")
    gain_db = 20.0 * math.log10(max(float(np.median([abs(gain) for _, gain in found])), _FAINTEST))
    alike = [(lag, gain) for lag, gain in found if lag is not None]
    known = 2 * len(alike) >= len(found)
    lag = float(np.median([lag for lag, _ in alike])) if known else None
    faults = {}
    if lag is not None and abs(lag) > _MOST_LAG:
        word = "late" if lag > 0 else "early"
        faults["misaligned"] = f"the estimates are {abs(lag):.2f} samples {word}"
    if known and np.median([gain for _, gain in alike]) < 0:
        faults["inverted"] = "the estimates are upside down"
    if abs(gain_db) > MOST_GAIN_DB:
        faults["wrong_level"] = f"the clean signal stands in the estimates at {gain_db:+.1f} dB"
    return Verdict(lag, gain_db, next(iter(faults), "ok"), "; ".join(faults.values()))
