from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.board import read_board
from benchmarks.report.build import write_report
from benchmarks.report.pairs import duels, visible


def test_the_pairs_are_those_of_the_json(run: Path) -> None:
    """Over all mixtures, metric by metric, in five digits; what is sure is told before rounding."""
    write_report(run)
    board = read_board(run)
    packed = duels(board)
    written = json.loads((run / "leaderboard.json").read_text(encoding="utf-8"))["duels"]
    whole = [row for row in written if row["noise_class"] == "all"]
    width = len(packed["columns"])
    read = []
    for metric, flat in zip(board.metrics, packed["values"], strict=True):
        for at in range(0, len(flat), width):
            row = dict(zip(packed["columns"], flat[at : at + width], strict=True))
            sides = [board.names[row.pop(side)] for side in ("better", "worse")]
            read.append(([metric, *sides], row))

    expected = sorted(whole, key=lambda row: list(board.metrics).index(row["metric"]))
    assert [who for who, _ in read] == [
        [row["metric"], row["better"], row["worse"]] for row in expected
    ]
    for (_, row), told in zip(read, expected, strict=True):
        assert row.pop("sure") == (told["p_value"] < 0.05)
        assert row == pytest.approx({name: told[name] for name in row}, rel=1e-4)


def test_what_chance_cannot_tell_is_null(run: Path) -> None:
    """With one clean recording a pair has its difference alone, and is not sure."""
    mixtures = pd.read_parquet(run / "mixtures.parquet").assign(clean_cluster="one")
    mixtures.to_parquet(run / "mixtures.parquet")
    board = read_board(run)
    packed = duels(board)

    for flat in packed["values"]:
        row = dict(zip(packed["columns"], flat, strict=True))
        assert row["difference"] > 0
        assert row["sure"] == 0
        assert [row[name] for name in ("ci_low", "ci_high", "p_value", "detectable")] == [None] * 4
    assert visible(board)["told"] == [{}, {}, {}]


def test_the_smallest_differences_are_in_the_words_of_the_markdown(run: Path) -> None:
    """The same digits, in the same order of metrics, for all and for each class."""
    write_report(run)
    board = read_board(run)
    found = visible(board)
    text = (run / "leaderboard.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## The smallest difference that these mixtures can show\n")
    rows = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("|")]

    classes = [cell.strip() for cell in rows[0][1:]]
    for told, row in zip(found["told"], rows[2:5], strict=True):
        assert [told[name][1] for name in classes] == [cell.strip() for cell in row[1:]]
        assert all(
            pairs == 1 and low == middle == high for pairs, middle, low, high in told.values()
        )
    assert f"in {found['power']} of 100 such test sets" in text
