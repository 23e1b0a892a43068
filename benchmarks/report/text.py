"""Write numbers, headings and tables of a report as Markdown that reads well in a terminal."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.report.summary import Board
from mn_dataset.errors import DatasetError
from mn_dataset.markdown import escaped, markdown_table

MARKDOWN = "leaderboard.md"

_WORDS = {
    *("denoiser", "metric", "target", "why not", "role", "category", "noise", "mixtures"),
    *("surely better than", "best classical", "verdict", "device", "came in at", "over mixtures"),
}
"""Headers of the columns that hold words."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_RANGE = re.compile(r"-?[\d.]+(e[+-]?\d+)?")  # a number, or a step such as "-5..0"
_ENDINGS = {2: "nd", 3: "rd"}


def leaderboard_text(run: Path) -> str:
    """Return the leaderboard that a person reads first, for a terminal.

    Raises:
        DatasetError: if the run has no report yet.
    """
    path = run / MARKDOWN
    if not path.is_file():
        raise DatasetError(f"{path}: no such file; make it with `mn report {run}`")
    return path.read_text(encoding="utf-8")


def heading(metric: dict[str, Any]) -> str:
    """Name a metric with its unit and direction.

    >>> heading({"name": "lsd", "unit": "dB", "higher_is_better": False})
    'lsd [dB] ↓'
    >>> heading({"name": "stoi", "unit": "1", "higher_is_better": True, "every": 5})
    'stoi ↑ (every 5th mixture)'
    """
    unit = "" if metric["unit"] == "1" else f" [{metric['unit']}]"
    every = metric.get("every", 1)
    part = f" (every {every}{_ENDINGS.get(every, 'th')} mixture)" if every > 1 else ""
    return f"{escaped(metric['name'])}{unit} {'↑' if metric['higher_is_better'] else '↓'}{part}"


def marked(board: Board, denoiser: str) -> str:
    """Name a denoiser, with its group where that is not the blind ones."""
    group, name = board.groups[denoiser], escaped(denoiser)
    return name if group == "blind" else f"{name} ({escaped(group)})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table with aligned columns, numbers to the right."""
    return markdown_table(header, rows, words=_WORDS)


def for_spreadsheets(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which no text is a formula to a spreadsheet; numbers stay as they are.

    >>> for_spreadsheets(pd.DataFrame({"denoiser": ["=1+1", "wiener"], "snr_db": ["-5", "-5..0"]}))
      denoiser snr_db
    0    '=1+1     -5
    1   wiener  -5..0
    """
    safe = rows.copy()
    for name in rows.columns:
        if not pd.api.types.is_numeric_dtype(rows[name]):
            safe[name] = rows[name].map(_no_formula, na_action="ignore")
    return safe


def _no_formula(cell: object) -> object:
    is_formula = isinstance(cell, str) and cell[:1] in _FORMULA and not _RANGE.fullmatch(cell)
    return f"'{cell}" if is_formula else cell


def number(value: float, *, digits: int = 2, sign: bool = False) -> str:
    """Write a number; an undefined one is a dash.

    >>> number(0.125, sign=True), number(float("nan"))
    ('+0.12', '–')
    """
    return f"{value:{'+' if sign else ''}.{digits}f}" if math.isfinite(value) else "–"


def ranks(first: Any, last: Any) -> str:
    """Write the ranks that a denoiser may have; one that is not ranked has a dash.

    >>> ranks(1, 3), ranks(2, 2), ranks(None, None)
    ('1–3', '2', '–')
    """
    if pd.isna(first):
        return "–"
    return str(first) if first == last else f"{first}–{last}"


def percent(share: float) -> str:
    """Write a share.

    >>> percent(0.256), percent(float("nan"))
    ('26 %', '–')
    """
    return f"{100 * share:.0f} %" if math.isfinite(share) else "–"


def chance(p_value: float) -> str:
    """Write a p-value.

    >>> chance(0.03251), chance(2e-9)
    ('0.0325', '<0.0001')
    """
    return "<0.0001" if p_value < 0.00005 else number(p_value, digits=4)
