"""Write a run's report, its tables and its page, from the run folder alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.leaderboard.inference import smallest
from benchmarks.report.latex import LATEX, latex
from benchmarks.report.markdown import markdown
from benchmarks.report.microphones import harm
from benchmarks.report.page import page
from benchmarks.report.summary import read_board
from benchmarks.report.text import MARKDOWN, for_spreadsheets
from mn_dataset.files.atomic import replacement, write_text
from mn_dataset.files.lock import locked

_ROWS = 1024  # of a table that are Python's objects at a time


def report(run: str | Path) -> None:
    """Write leaderboard.csv, leaderboard.json, leaderboard.md, leaderboard.tex and index.html.

    Args:
        run: A finished run: run.json, scores.parquet, mixtures.parquet and timing.parquet.

    Example:
        >>> report("run")  # doctest: +SKIP
        >>> Path("run/leaderboard.csv").read_text().partition(",n,")[0]  # doctest: +SKIP
        'denoiser,noise_class,music_category,snr_db,metric'

    Raises:
        DatasetError: if one of them is missing, or the run was not finished.
        InputError: if another process writes into the folder.
    """
    run = Path(run)
    board = read_board(run)
    with locked(run, command="mn report"):
        with replacement(run / "leaderboard.csv") as temporary, temporary.open("wb") as file:
            rows = for_spreadsheets(board.rows)
            rows.to_csv(file, index=False, lineterminator="\n", float_format="%.6g")
        facet = board.first_facet.column
        tables = {
            "rows": board.rows,
            "duels": board.duels,
            "claims": board.claims,
            "smallest_differences": smallest(board.duels_by(facet), by=facet),
        }
        if board.task.input_axis:
            tables["microphones"] = pd.DataFrame(map(asdict, harm(board)))
        head = {"title": board.title, "provenance": board.run, "timing": board.timing}
        with replacement(run / "leaderboard.json") as temporary, temporary.open("wb") as file:
            file.writelines(part.encode() for part in _json(head, tables))
        write_text(run / MARKDOWN, markdown(board))
        write_text(run / LATEX, latex(board))
        write_text(run / "index.html", page(board, run))


def _json(head: dict[str, Any], tables: dict[str, pd.DataFrame]) -> Iterator[str]:
    """Yield tables below a head, a row a line."""
    yield "{\n"
    for name, content in head.items():
        text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
        yield f"{json.dumps(name)}: {text},\n"
    for number, (name, rows) in enumerate(tables.items()):
        yield ",\n" if number else ""
        yield f"{json.dumps(name)}: [\n"
        yield from _lines(rows)
        yield "\n]"
    yield "\n}\n"


def _lines(rows: pd.DataFrame) -> Iterator[str]:
    """Yield the rows of a table; an undefined number is null."""
    for first in range(0, len(rows), _ROWS):
        some = rows.iloc[first : first + _ROWS]
        plain = some.astype(object).where(some.notna(), None).to_dict("records")
        lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in plain)
        yield (",\n" if first else "") + ",\n".join(lines)
