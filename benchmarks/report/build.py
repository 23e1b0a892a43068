"""Build every file of a run's report from the run folder alone."""

from __future__ import annotations

from pathlib import Path

from benchmarks.leaderboard.store import write_json, write_whole
from benchmarks.leaderboard.table import COLUMNS
from benchmarks.report.board import read_board
from benchmarks.report.page import page, plain_rows
from benchmarks.report.text import MARKDOWN, markdown


def write_report(run: Path) -> None:
    """Write leaderboard.csv, leaderboard.json, leaderboard.md and index.html.

    Args:
        run: A finished run: run.json, scores.parquet, mixtures.parquet and timing.parquet.

    Raises:
        DatasetError: if one of them is missing, or the run was not finished.
    """
    board = read_board(run)
    csv = board.rows.to_csv(index=False, lineterminator="\n", float_format="%.6g")
    write_whole(run / "leaderboard.csv", csv.encode())
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in plain_rows(board)]
    write_json(
        run / "leaderboard.json",
        {"title": board.title, "provenance": board.run, "timing": board.timing, "rows": rows},
    )
    write_whole(run / MARKDOWN, markdown(board).encode())
    write_whole(run / "index.html", page(board, run).encode())
