"""Microphones that come in clean are counted apart from those that are full of bleed."""

from __future__ import annotations

import math
from dataclasses import astuple

import numpy as np
import pytest

from benchmarks.leaderboard.harm import tallies
from benchmarks.leaderboard.ranking import Contest
from benchmarks.leaderboard.score_matrix import Scores
from mn_dataset.tasks.registry import find

NAMES = ["spoils", "noisy"]
DRUMS = [[9.0, 26.0], [14.3, 14.0], [11.0, 5.0]]
BASS = [[16.0, 20.0], [31.2, 100.0], [np.nan, np.nan]]
"""What comes out of each mixture beside what came in; the third has no bass."""


@pytest.fixture
def scores():
    by_target = {
        name: {"si_sdr": np.array(values)} for name, values in (("drums", DRUMS), ("bass", BASS))
    }
    return Scores(
        task=find("debleed"),
        ids=("a", "b", "c"),
        values={},
        by_target=by_target,
        labels={},
        numbers={},
        clusters=(np.arange(3), np.zeros(3, dtype=np.intp)),
        cluster_names=(("a", "b", "c"), ("",)),
        seconds=np.ones(3),
    )


def contest(baseline):
    return Contest(("blind", "reference"), baseline, higher_is_better=True, negligible=0.5)


def test_those_that_come_in_clean_are_told_apart(scores):
    """Losses above half a decibel count, gains above it too; what is absent does not."""
    found = list(tallies(scores, NAMES, "si_sdr", contest(1)))

    assert [astuple(row) for row in found] == [
        ("spoils", "no bleed at all", 1, 0, 1, pytest.approx(-68.8), 100.0, 31.2),
        ("spoils", "20 dB or more", 2, 0, 2, -10.5, 26.0, 9.0),
        ("spoils", "below 20 dB", 2, 1, 0, pytest.approx(3.15), 14.0, 14.3),
    ]


def test_a_microphone_without_a_value_is_worse(scores):
    """It changes no mean; where all lack one there is no mean."""
    values = scores.by_target["drums"]["si_sdr"]
    values[0, 0] = np.nan

    clean = list(tallies(scores, NAMES, "si_sdr", contest(1)))[1]
    assert (clean.n, clean.worse, clean.change, clean.lowest_after) == (2, 2, -4.0, 16.0)

    scores.by_target["bass"]["si_sdr"][0, 0] = np.nan
    clean = list(tallies(scores, NAMES, "si_sdr", contest(1)))[1]
    assert (clean.worse, math.isnan(clean.change)) == (2, True)


def test_without_the_input_there_is_nothing_to_tell(scores):
    """As in a run without the row that does nothing."""
    assert list(tallies(scores, NAMES, "si_sdr", contest(None))) == []
