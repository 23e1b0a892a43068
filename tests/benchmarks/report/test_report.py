from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.report.report import report
from benchmarks.report.text import for_spreadsheets
from mn_dataset.errors import DatasetError

FILES = ("leaderboard.csv", "leaderboard.json", "leaderboard.md", "leaderboard.tex", "index.html")

COLUMNS = (
    *("denoiser", "noise_class", "music_category", "snr_db", "metric", "n", "mean", "median"),
    *("ci_low", "ci_high", "delta", "p_value", "rank", "rank_high", "weighted_mean"),
    *("worst_case", "p10", "worst", "won", "tied", "lost", "without_low", "without_high"),
    *("carried_by", "resolved"),
)
FACETS = ("noise_class", "music_category", "snr_db")


def test_a_report_is_built_from_the_run_folder_alone(run: Path) -> None:
    """Four tables make five files, and building again makes the same bytes."""
    report(run)
    first = {name: (run / name).read_bytes() for name in FILES}
    report(run)

    assert {name: (run / name).read_bytes() for name in FILES} == first
    assert not list(run.glob(".*"))


def test_the_csv_has_the_columns_promised(run: Path) -> None:
    """One row per cell, metric and denoiser; an undefined number is an empty cell."""
    report(run)

    text = (run / "leaderboard.csv").read_text(encoding="utf-8")
    board = pd.read_csv(run / "leaderboard.csv")
    assert text.splitlines()[0] == ",".join(COLUMNS)
    # Two noise classes, two music categories, two SNRs, and all of each.
    assert len(board) == 3 * 3 * 3 * 4 * 3
    noisy = board[board["denoiser"] == "noisy"]
    assert noisy["rank"].isna().all()
    assert (noisy["delta"] == 0).all()


def test_a_name_is_no_formula_to_a_spreadsheet() -> None:
    """An apostrophe before what begins like one; labels that are numbers stay as they are."""
    names = ["=HYPERLINK(1)", "@SUM(1)", "-cmd", "+1+1", "-5", "-5..0", "1e-5", "wiener"]
    rows = pd.DataFrame({"denoiser": names, "mean": range(8)})

    safe = for_spreadsheets(rows)

    assert safe["denoiser"].tolist() == [*(f"'{name}" for name in names[:4]), *names[4:]]
    assert safe["mean"].tolist() == rows["mean"].tolist()


def test_the_json_is_the_csv_with_provenance(run: Path) -> None:
    """The same rows, and all that run.json tells."""
    report(run)

    content = json.loads((run / "leaderboard.json").read_text(encoding="utf-8"))
    board = pd.read_csv(run / "leaderboard.csv", dtype={"snr_db": str})
    assert len(content["rows"]) == len(board)
    assert list(content["rows"][0]) == list(COLUMNS)
    means = [row["mean"] for row in content["rows"]]
    assert board["mean"].tolist() == pytest.approx(means, rel=1e-5)  # the CSV has six digits
    assert [row["rank"] for row in content["rows"][3:7]] == [None, None, 2, 1]
    assert {type(row["n"]) for row in content["rows"]} == {int}
    assert content["provenance"]["dataset"]["manifest_sha256"] == "a" * 64


def test_the_json_tells_the_pairwise_tests(run: Path) -> None:
    """Who beats whom, and which differences these mixtures could have shown."""
    report(run)

    content = json.loads((run / "leaderboard.json").read_text(encoding="utf-8"))
    duels = [item for item in content["duels"] if {item[key] for key in FACETS} == {"all"}]
    assert [item["metric"] for item in duels] == ["pesq", "si_sdr", "lsd"]
    assert {(item["better"], item["worse"]) for item in duels} == {("<b>bold</b>", "wiener")}
    assert all(item["ci_low"] < item["difference"] < item["ci_high"] for item in duels)
    smallest = content["smallest_differences"]
    assert [item["difference"] for item in smallest if item["noise_class"] == "all"] == [
        item["detectable"] for item in duels
    ]


@pytest.mark.parametrize("name", ["run.json", "scores.parquet", "mixtures.parquet"])
def test_a_missing_file_is_named(run: Path, name: str) -> None:
    """A run folder that lacks a table is refused by that table's name."""
    (run / name).unlink()

    with pytest.raises(DatasetError, match=name):
        report(run)


def test_an_unfinished_run_has_no_report(run: Path) -> None:
    """A run that was killed is to be finished first."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(story | {"finished": None}), encoding="utf-8")

    with pytest.raises(DatasetError, match="was not finished; give its `mn bench` command again"):
        report(run)
