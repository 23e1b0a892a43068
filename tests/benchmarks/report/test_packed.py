from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.board import read_board
from benchmarks.report.packed import packed


def test_every_row_of_the_board_can_be_read_back(run: Path) -> None:
    """Place by place: cell, metric, denoiser, column; in five digits, and nothing else."""
    board = read_board(run)
    cube = packed(board)
    keys = ("noise_class", "music_category", "snr_db")
    metrics, names, columns = list(board.metrics), board.names, cube["columns"]
    read = {}
    for cell in cube["cells"]:
        where = [
            "all" if place < 0 else cube["axes"][key][place]
            for key, place in zip(keys, cell["key"], strict=True)
        ]
        values = cell["values"]
        rows = [values[at : at + len(columns)] for at in range(0, len(values), len(columns))]
        for at, row in enumerate(rows):
            metric, name = metrics[at // len(names)], names[at % len(names)]
            read[*where, metric, name] = dict(zip(columns, row, strict=True))

    assert len(read) == len(board.rows)
    for row in board.rows.to_dict("records"):
        found = read[*(str(row[key]) for key in keys), row["metric"], row["denoiser"]]
        for column in columns:
            expected = None if pd.isna(row[column]) else pytest.approx(row[column], rel=1e-4)
            assert found[column] == expected


def test_a_cell_tells_how_many_mixtures_it_has(run: Path) -> None:
    """So that n can be read as a share: what lacks a value is in the size and not in n."""
    scores = pd.read_parquet(run / "scores.parquet")
    lacking = (scores["mixture_id"] == "test/000") & (scores["denoiser"] == "wiener")
    scores.loc[lacking, "value"] = float("nan")
    scores.to_parquet(run / "scores.parquet")

    cube = packed(read_board(run))

    whole = next(cell for cell in cube["cells"] if cell["key"] == [-1, -1, -1])
    assert whole["size"] == 32
    assert whole["values"][cube["columns"].index("n")] == 31


def test_snrs_are_in_order(run: Path) -> None:
    """By value, not by letter: 10 dB comes after 5 dB."""
    scores = pd.read_parquet(run / "scores.parquet")
    scores["snr_db"] = scores["snr_db"].map({0.0: 10.0, 5.0: -5.0})
    scores.to_parquet(run / "scores.parquet")

    assert packed(read_board(run))["axes"]["snr_db"] == ["-5", "10"]


def test_columns_that_the_board_gains_travel_too(run: Path) -> None:
    """Whatever else is told of a row in numbers: whole numbers stay whole."""
    board = read_board(run)
    board.rows["rank_high"] = board.rows["rank"] + 2
    board.rows["more"] = 0.123456789
    board.rows["words"] = "no number"

    cube = packed(board)

    width = len(cube["columns"])
    flat = cube["cells"][0]["values"]
    rows = [flat[at : at + width] for at in range(0, len(flat), width)]
    told = [dict(zip(cube["columns"], row, strict=True)) for row in rows]
    assert {row["more"] for row in told} == {0.12346}
    assert "words" not in cube["columns"]
    assert {(row["rank"], row["rank_high"]) for row in told} == {(None, None), (1, 3), (2, 4)}
