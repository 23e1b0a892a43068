"""Sort SNRs into levels that a table can have as rows: as they are, or by 5 dB if many."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mn_dataset.publish.content import Row

_FEW = 12  # levels that a person reads one by one
_STEP_DB = 5


def level_names(rows: Sequence[Row]) -> dict[str, str]:
    """Return the name of each row's SNR level by id, in ascending order of levels.

    >>> list(level_names([{"id": "b", "snr_db": 5.0}, {"id": "a", "snr_db": -5.0}]).items())
    [('a', '-5'), ('b', '5')]
    """
    ordered = sorted(rows, key=lambda row: (_number(row["snr_db"]), row["id"]))
    few = len({row["snr_db"] for row in rows}) <= _FEW
    return {row["id"]: _name(row["snr_db"], exact=few) for row in ordered}


def _number(snr_db: float | None) -> float:
    return math.inf if snr_db is None or math.isnan(snr_db) else snr_db


def _name(snr_db: float | None, *, exact: bool) -> str:
    if snr_db is None or math.isnan(snr_db):
        return "none"
    if exact:
        return f"{snr_db:g}"
    low = _STEP_DB * math.floor(snr_db / _STEP_DB)
    return f"{low} … {low + _STEP_DB}"
