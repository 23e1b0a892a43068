from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.page_data import packed
from benchmarks.report.page_inference import FAMILIES, claims, duels, visible
from benchmarks.report.report import report
from benchmarks.report.summary import Board, read_board

KEYS = ("noise_class", "music_category", "snr_db")
SIZES = ("difference", "ci_low", "ci_high", "p_value")


def axes_of(board: Board) -> dict[str, list[str]]:
    axes: dict[str, list[str]] = packed(board)["axes"]
    return axes


def read(board: Board, tests: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is packed, row by row, with the names of cells, metrics and denoisers."""
    axes = axes_of(board)
    for cell in tests["cells"]:
        labels = [
            "all" if place < 0 else axes[key][place]
            for key, place in zip(KEYS, cell["key"], strict=True)
        ]
        for metric, values in zip(board.metrics, cell["values"], strict=True):
            count = max(len(part) if isinstance(part, list) else 1 for part in values)
            columns = [part if isinstance(part, list) else [part] * count for part in values]
            for numbers in zip(*columns, strict=True):
                row = dict(zip(tests["columns"], numbers, strict=True))
                names = {
                    side: board.names[row[side]]
                    for side in ("better", "worse", "denoiser", "opponent")
                    if side in row
                }
                yield {"metric": metric, **dict(zip(KEYS, labels, strict=True)), **row, **names}


def written(run: Path, table: str) -> list[dict[str, Any]]:
    report(run)
    rows: list[dict[str, Any]] = json.loads((run / "leaderboard.json").read_text("utf-8"))[table]
    return rows


def by_identity(rows: list[dict[str, Any]], *names: str) -> dict[tuple[str, ...], dict[str, Any]]:
    return {tuple(str(row[name]) for name in (*KEYS, "metric", *names)): row for row in rows}


def test_the_pairs_are_those_of_the_json(run: Path) -> None:
    """In every cell that has them; what is sure and what is equal is told before rounding."""
    board = read_board(run)
    found = by_identity(list(read(board, duels(board, axes_of(board)))), "better", "worse")
    expected = by_identity(written(run, "duels"), "better", "worse")

    assert found.keys() == expected.keys()
    assert len({key[:3] for key in found}) > 1
    for key, row in found.items():
        told = expected[key]
        assert (row["sure"], row["equal"]) == (told["p_value"] < 0.05, told["equal"])
        for name in (*SIZES, "detectable"):
            assert row[name] == pytest.approx(told[name], rel=5e-3 if name == "p_value" else 1e-3)


def test_the_claims_are_those_of_the_json(run: Path) -> None:
    """Against doing nothing, and of a learned denoiser against the best classical one."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][1]["trained_on"] = "speech"
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    board = read_board(run)
    found = list(read(board, claims(board, axes_of(board))))
    for row in found:
        row["family"] = FAMILIES[row["family"]]
    expected = by_identity(written(run, "claims"), "family", "denoiser", "opponent")

    assert {row["family"] for row in found} == set(FAMILIES)
    own = by_identity(found, "family", "denoiser", "opponent")
    assert own.keys() == expected.keys()
    for key, row in own.items():
        assert row["sure"] == (expected[key]["p_value"] < 0.05)
        for name in SIZES:
            tolerance = 5e-3 if name == "p_value" else 1e-4
            assert row[name] == pytest.approx(expected[key][name], rel=tolerance)


def test_what_chance_cannot_tell_has_no_tests(run: Path) -> None:
    """With one clean recording nobody is ranked: no pair, no claim, nothing that can be seen."""
    mixtures = pd.read_parquet(run / "mixtures.parquet").assign(clean_cluster="one")
    mixtures.to_parquet(run / "mixtures.parquet")
    board = read_board(run)

    for part in (duels, claims, visible):
        assert part(board, axes_of(board))["cells"] == []


def test_the_smallest_differences_are_in_the_words_of_the_markdown(run: Path) -> None:
    """The same digits, in the same order of metrics, for all and for each class."""
    report(run)
    board = read_board(run)
    axes = axes_of(board)
    found = visible(board, axes)
    text = (run / "leaderboard.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## The smallest difference that these mixtures can show\n")
    rows = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("|")]

    sizes = {tuple(cell["key"]): cell["sizes"] for cell in found["cells"]}
    for column, name in enumerate(cell.strip() for cell in rows[0][1:]):
        key = (-1 if name == "all" else axes["noise_class"].index(name), -1, -1)
        for (pairs, middle, low, high), row in zip(sizes[key], rows[2:5], strict=True):
            assert middle == row[1 + column].strip()
            assert pairs == 1
            assert low == middle == high
    assert f"in {found['power']} of 100 such test sets" in text
