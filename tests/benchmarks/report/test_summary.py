from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.report.summary import read_board


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "corpus synthetic (synthetic audio), split test, 32 mixtures"),
        ({"origins": {"synthetic": 2, "recorded": 6}}, "corpus synthetic (2 of 8 synthetic), "),
        ({"origins": {"recorded": 8}}, "32 mixtures; not covered by recordings: harp, traffic"),
        ({"corpus": ""}, "corpus built "),
        ({"splits": {"test": 16, "train": 16}}, "split test + train"),
    ],
)
def test_the_title_names_what_the_numbers_stand_on(
    run: Path, changes: dict[str, object], words: str
) -> None:
    """The corpus, what of it is synthetic or missing, the splits and the mixtures."""
    description = json.loads((run / "run.json").read_text(encoding="utf-8"))
    description["dataset"] |= changes
    (run / "run.json").write_text(json.dumps(description), encoding="utf-8")

    title = read_board(run).title

    assert title.startswith("Denoising leaderboard: ")
    assert words in title


def test_recordings_are_counted_by_kind(run: Path) -> None:
    """The word that both kinds share is said once."""
    board = read_board(run)

    assert board.recordings() == "4 clean and 8 noise recordings"
    assert board.recordings(" × ") == "4 clean × 8 noise recordings"


def test_rows_are_divided_by_one_facet_at_a_time(run: Path) -> None:
    """Over all mixtures, and by each label of the facet; the best mean first where none divides."""
    board = read_board(run)

    rows = board.by("snr_db", "lsd")

    assert sorted(rows["snr_db"].unique()) == ["0", "5", "all"]
    assert set(rows["noise_class"]) == {"all"}
    assert board.over_all("lsd")["mean"].is_monotonic_increasing
    assert board.over_all("si_sdr")["mean"].is_monotonic_decreasing
    assert board.axis_texts("snr_db") == ["0 dB", "5 dB"]
