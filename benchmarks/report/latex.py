"""Write the leaderboard in LaTeX, ready to be included: booktabs, and every name escaped."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from benchmarks.leaderboard.ranking import RANKED_GROUPS
from benchmarks.report.summary import Board

LATEX = "leaderboard.tex"

_HOW = (
    r"% In the preamble: \usepackage{booktabs}",
    r"% Too wide? Add \usepackage{graphicx} and say \resizebox{\textwidth}{!}{\input{leaderboard}}",
)
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\char34{}",  # \textquotedbl is not in LaTeX's first encoding
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "−": r"$-$",
    "–": "--",
    "…": r"\ldots{}",
}


def latex(board: Board) -> str:
    r"""Return one table: rank, mean and interval in the headline, and the means of the others.

    The groups stand apart: blind rows, then informed ones, then bounds and references. What it
    needs stands at its top; a name in letters that are not Latin needs a Unicode engine.
    """
    headline, *others = board.metrics
    columns = ["rank", "denoiser", "n", _heading(board, headline), "95\\,\\%"]
    columns += [_heading(board, name) for name in others]
    lines = [
        f"% {_comment(board.title)}",
        *([f"% {_comment(board.command)}"] if board.command else []),
        *_HOW,
        rf"\begin{{tabular}}{{rlrr@{{\quad}}l{'r' * len(others)}}}",
        r"\toprule",
        " & ".join(columns) + r" \\",
        *_body(board, headline, others),
        r"\bottomrule",
        r"\end{tabular}%",
    ]
    return "\n".join(lines) + "\n"


def escaped(text: str) -> str:
    r"""Return text as LaTeX prints it.

    >>> print(escaped("mmse_stsa & 50% {x}"))
    mmse\_stsa \& 50\% \{x\}
    """
    return "".join(_SPECIAL.get(letter, letter) for letter in text)


def _body(board: Board, headline: str, others: list[str]) -> Iterator[str]:
    means = {name: board.over_all(name).set_index("denoiser")["mean"].to_dict() for name in others}
    rows = board.over_all(headline).to_dict("records")
    for group in (*RANKED_GROUPS, "oracle", "reference"):
        inside = [row for row in rows if board.groups[row["denoiser"]] == group]
        if not inside:
            continue
        yield r"\midrule"
        for row in inside:
            beside = [
                _number(means[name][row["denoiser"]], digits=board.digits(name)) for name in others
            ]
            yield " & ".join(_cells(row, beside)) + r" \\"


def _cells(row: dict[Any, Any], others: list[str]) -> list[str]:
    interval = f"[{_number(row['ci_low'])}, {_number(row['ci_high'])}]"
    return [
        _rank(row["rank"], row.get("rank_high", row["rank"])),
        escaped(row["denoiser"]),
        str(row["n"]),
        _number(row["mean"]),
        interval if math.isfinite(row["ci_low"]) else "--",
        *others,
    ]


def _rank(first: Any, last: Any) -> str:
    """Write the ranks that a denoiser may have.

    >>> _rank(1, 3), _rank(2, 2), _rank(None, None)
    ('1--3', '2', '--')
    """
    if pd.isna(first):
        return "--"
    return str(first) if first == last else f"{first}--{last}"


def _heading(board: Board, name: str) -> str:
    metric = board.metrics[name]
    unit = "" if metric["unit"] == "1" else f" [{escaped(metric['unit'])}]"
    arrow = r"\uparrow" if metric["higher_is_better"] else r"\downarrow"
    return f"{escaped(name)}{unit} ${arrow}$"


def _number(value: float, *, digits: int = 2) -> str:
    return f"${value:.{digits}f}$" if math.isfinite(value) else "--"


def _comment(text: str) -> str:
    return " ".join(text.split())
