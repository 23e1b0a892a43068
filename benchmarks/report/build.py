"""Build every file of a run's report from the run folder alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.leaderboard.power import smallest
from benchmarks.leaderboard.store import write_whole
from benchmarks.report.board import read_board
from benchmarks.report.latex import LATEX, latex
from benchmarks.report.page import page
from benchmarks.report.text import MARKDOWN, markdown


def write_report(run: Path) -> None:
    """Write leaderboard.csv, leaderboard.json, leaderboard.md, leaderboard.tex and index.html.

    Args:
        run: A finished run: run.json, scores.parquet, mixtures.parquet and timing.parquet.

    Raises:
        DatasetError: if one of them is missing, or the run was not finished.
    """
    board = read_board(run)
    csv = board.rows.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    write_whole(run / "leaderboard.csv", csv.encode())
    tables = {
        "rows": board.rows,
        "duels": board.duels,
        "smallest_differences": smallest(board.duels),
    }
    head = {"title": board.title, "provenance": board.run, "timing": board.timing}
    write_whole(run / "leaderboard.json", _json(head, tables).encode())
    write_whole(run / MARKDOWN, markdown(board).encode())
    write_whole(run / LATEX, latex(board).encode())
    write_whole(run / "index.html", page(board, run).encode())


def _json(head: dict[str, Any], tables: dict[str, pd.DataFrame]) -> str:
    """Write tables below a head, a row a line; an undefined number is null."""
    parts = [
        f"{json.dumps(name)}: {json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)}"
        for name, content in head.items()
    ]
    for name, rows in tables.items():
        plain = rows.astype(object).where(rows.notna(), None).to_dict("records")
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in plain]
        parts.append(f"{json.dumps(name)}: [\n" + ",\n".join(lines) + "\n]")
    return "{\n" + ",\n".join(parts) + "\n}\n"
