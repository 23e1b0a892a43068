from __future__ import annotations

import numpy as np
import pytest

from benchmarks.leaderboard.ranking import Contest
from benchmarks.leaderboard.standing import spread

GROUPS = ("reference", "blind", "blind")


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_mixtures_are_won_tied_and_lost_by_what_matters(sign: float) -> None:
    """Better or worse than the mixture by more than what is negligible, in either direction."""
    gains = np.array([2.0, 0.5, 0.4, 0.0, -0.5, -0.6, -3.0, 1.0])
    values = sign * np.column_stack([np.arange(8.0), np.arange(8.0), np.arange(8.0) + gains])

    columns = spread(values, Contest(GROUPS, 0, sign > 0, negligible=0.5))

    assert [columns[name][2] for name in ("won", "tied", "lost")] == [2 / 8, 4 / 8, 2 / 8]
    assert [columns[name][1] for name in ("won", "tied", "lost")] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_nine_tenths_are_better_than_the_tenth_percentile(sign: float) -> None:
    """In the metric's direction, as the worst value is."""
    values = sign * np.tile(np.arange(101.0)[:, np.newaxis], 3)

    columns = spread(values, Contest(GROUPS, 0, sign > 0))

    assert (columns["p10"], columns["worst"]) == ([sign * 10.0] * 3, [0.0] * 3)
    assert columns["worst_case"] == [sign * 50.0] * 3


def test_without_a_baseline_nothing_is_won() -> None:
    """The shares are left out, and the percentiles stay."""
    columns = spread(np.ones((4, 3)), Contest(GROUPS, None, True))

    assert sorted(columns) == ["p10", "worst", "worst_case"]
