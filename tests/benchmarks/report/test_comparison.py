from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.leaderboard.compare import COLUMNS, Comparison
from benchmarks.leaderboard.verify import Mismatch, Verification
from benchmarks.report.comparison import comparison_answer, comparison_text, verification_text

COMPARISON = Comparison(
    rows=pd.DataFrame(
        [
            ("lsd", "wiener", "1", "2", 12, 3.0, 2.5, -0.5, -0.75, -0.25, 2e-6),
            ("lsd", "lost", "1", "1", 0, *[np.nan] * 6),
        ],
        columns=list(COLUMNS),
    ),
    mixtures=14,
    units={"lsd": "dB"},
    higher_is_better={"lsd": False},
    only_a=("old",),
    only_b=(),
    other_versions=("pesq",),
)
VERIFICATION = Verification(
    estimates=2,
    of=36,
    scores=4,
    denoisers=("noisy", "wiener"),
    metrics=("snr", "lsd"),
    left_out=(),
    mismatches=(),
)


def test_a_comparison_is_a_table_with_notes() -> None:
    """Differences with sign and interval; an undefined one is a dash; what is not in the table."""
    lines = comparison_text(COMPARISON).splitlines()

    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[:4]]
    assert cells[2] == [
        *("lsd [dB] ↓", "wiener", "12", "3.000", "2.500", "-0.500"),
        *("-0.750 … -0.250", "<0.0001"),
    ]
    assert cells[3] == ["lsd [dB] ↓", "lost", "0", *"–––––"]
    notes = "\n".join(lines[4:])
    assert "14 mixtures in common" in notes
    assert "wiener: revision 1 in A, 2 in B" in notes
    assert "lost: revision" not in notes
    assert "Only in A: old" in notes
    assert "Only in B" not in notes
    assert "of another version: pesq" in notes


def test_a_comparison_for_programs_has_no_nan() -> None:
    """What is undefined is null."""
    answer = comparison_answer(COMPARISON)

    assert answer["rows"][1]["difference"] is None
    assert answer["rows"][0]["n"] == 12
    assert answer["only_a"] == ("old",)


def test_a_run_that_comes_out_says_what_was_tried() -> None:
    """How many estimates of how many, of whom, in which metrics."""
    assert verification_text(VERIFICATION).splitlines() == [
        "Made and scored again: 2 of 36 estimates of noisy, wiener; 4 scores in snr, lsd",
        "All are the run's, to 0.001.",
    ]


def test_scores_that_differ_are_named_twenty_at_most() -> None:
    """Mixture, denoiser, metric and both numbers, or the reason why there is none."""
    wrong = Mismatch("test/001", "wiener", "snr", 5.25, "ok", None, "denoiser_failed")
    found = replace(VERIFICATION, mismatches=(wrong,) * 23, left_out=("chance",))

    lines = verification_text(found).splitlines()

    assert "Left out, as two calls may differ: chance" in lines
    assert lines.count("  test/001 wiener snr: 5.2500 in the run, denoiser_failed now") == 20
    assert lines[-1] == "  … and 3 more; the JSON output names them all"
