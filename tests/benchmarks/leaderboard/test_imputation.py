from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.leaderboard.cell import Cell, compare
from benchmarks.leaderboard.crossed import crossed
from benchmarks.leaderboard.imputation import filled
from benchmarks.leaderboard.ranking import Contest

TWINS = Contest(("reference", "blind", "blind"), 0, higher_is_better=True)
NAN = float("nan")


def test_a_missing_value_is_the_lowest_of_its_mixture() -> None:
    """Of the ranked ones and the mixture itself, in the metric's direction; oracles count not."""
    groups = ("reference", "blind", "informed", "oracle", "blind")
    values = np.array([[5.0, 7.0, 4.0, 1.0, NAN], [0.0, 3.0, 2.0, -9.0, 4.0]])

    high = filled(values, Contest(groups, 0, higher_is_better=True))
    low = filled(-values, Contest(groups, 0, higher_is_better=False))

    assert high.values[0].tolist() == [5.0, 7.0, 4.0, 1.0, 4.0]
    assert high.lacking.tolist() == [False] * 4 + [True]
    np.testing.assert_array_equal(low.values, -high.values)
    np.testing.assert_array_equal(low.severe, -high.severe)


def test_the_severe_bound_is_the_lowest_difference_of_the_cell() -> None:
    """To the mixture itself; what is measured stays."""
    values = np.array([[5.0, 7.0, NAN], [0.0, 3.0, -4.0]])

    bounded = filled(values, TWINS)

    assert bounded.values[0].tolist() == [5.0, 7.0, 5.0]
    assert bounded.severe[0].tolist() == [5.0, 7.0, 1.0]
    assert bounded.severe[1].tolist() == values[1].tolist()


def test_without_a_ranked_value_the_others_decide() -> None:
    """Where only an oracle has a value, that is the lowest; without a baseline too."""
    values = np.array([[NAN, NAN, 6.0], [1.0, 2.0, 3.0]])

    bounded = filled(values, Contest(("blind", "blind", "oracle"), None, higher_is_better=True))

    assert bounded.values[0].tolist() == [6.0, 6.0, 6.0]


def boards(
    design: tuple[np.ndarray, np.ndarray],
    simulate: Callable[..., np.ndarray],
    effects: tuple[float, float, float, float],
    rounds: int,
) -> np.ndarray:
    """Draw gains of two equal denoisers of which the worst tenth falls below the mixture."""
    gains = np.stack([simulate(design, effects, rounds, seed=seed) for seed in (1, 2)], axis=1)
    spread = np.sqrt(np.sum(np.square(effects)))
    drawn: np.ndarray = gains + 1.28 * spread
    return drawn


@pytest.mark.parametrize("share", [0.095, 0.11, 0.2])
@pytest.mark.parametrize("effects", [(0.7, 0.7, 1.0, 1.0), (0.0, 0.0, 0.0, 2.0)])
def test_failing_on_the_hardest_mixtures_does_not_pay(
    simulate: Callable[..., np.ndarray],
    designs: dict[str, tuple[np.ndarray, np.ndarray]],
    effects: tuple[float, float, float, float],
    share: float,
) -> None:
    """Of two equal denoisers, one without values on its worst mixtures is not surely better.

    In 93 of 100 boards neither is, and the mean rank of the one that fails is no better.
    """
    design, rounds = designs["a build of 19 × 17"], 80
    clean, noise = design
    whole = crossed(clean, noise)
    ranks = []
    for gains in np.moveaxis(boards(design, simulate, effects, rounds), 2, 0):
        values = np.column_stack([np.zeros(len(clean)), gains])
        values[np.argsort(values[:, 2])[: int(share * len(clean))], 2] = NAN
        cell = Cell(
            values,
            np.ones(len(clean)),
            lambda s: whole if s.all() else crossed(clean[s], noise[s]),
        )
        ranks.append([row.rank for row in compare(cell, TWINS).standings[1:]])

    twin, failing = np.array(ranks, dtype=np.float64).T
    assert (twin == failing).mean() >= 0.93
    assert failing.mean() >= twin.mean()


def test_one_gap_does_not_undo_a_clear_lead() -> None:
    """A denoiser that is 3 dB better and failed once is still surely better."""
    clean, noise = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
    rng = np.random.default_rng(0)
    values = np.array([0.0, 1.0, 4.0]) + rng.normal(0.0, 0.5, (54, 3))
    values[7, 2] = NAN
    cell = Cell(values, np.ones(54), lambda s: crossed(clean[s], noise[s]))

    rows = compare(cell, TWINS).standings

    assert [row.rank for row in rows] == [None, 2, 1]
    assert [row.n for row in rows] == [53, 53, 53]
    assert rows[2].worst_case < rows[2].mean
    assert rows[1].worst_case == pytest.approx(values[:, 1].mean(), abs=1e-12)


def test_who_has_no_value_at_all_is_not_ranked() -> None:
    """And takes no place of the group from the others."""
    clean, noise = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
    values = np.array([0.0, 1.0, 4.0]) + np.random.default_rng(0).normal(0.0, 0.5, (54, 3))
    values[:, 1] = NAN
    cell = Cell(values, np.ones(54), lambda s: crossed(clean[s], noise[s]))

    outcome = compare(cell, TWINS)

    assert [(row.rank, row.rank_high) for row in outcome.standings] == [(None, None)] * 2 + [(1, 1)]
    assert (outcome.standings[1].n, outcome.standings[1].resolved) == (0, True)
    assert np.isnan([outcome.standings[1].delta, outcome.standings[1].worst_case]).all()
