from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.leaderboard.cell import Cell, Outcome, compare
from benchmarks.leaderboard.crossed import crossed
from benchmarks.leaderboard.ranking import Contest
from benchmarks.leaderboard.standing import Standing

Floats = NDArray[np.float64]
Names = NDArray[np.str_]
BLIND = ("reference", "blind", "blind")


def met(clips: int, noises: int) -> tuple[Names, Names]:
    clean = np.repeat([f"c{item:02d}" for item in range(clips)], noises)
    noise = np.tile([f"n{item:02d}" for item in range(noises)], clips)
    return clean, noise


def outcome_of(values: Floats, clean: Names, noise: Names, *, contest: Contest) -> Outcome:
    cell = Cell(
        values, np.ones(len(values)), lambda support: crossed(clean[support], noise[support])
    )
    return compare(cell, contest)


def standings(values: Floats, clean: Names, noise: Names, *, contest: Contest) -> list[Standing]:
    return outcome_of(values, clean, noise, contest=contest).standings


def simulated(rng: np.random.Generator, clips: int, noises: int, *, denoisers: int) -> Floats:
    """Draw values with clip, noise and denoiser-dependent effects around zero."""
    clip = rng.normal(size=(clips, 1, 1)) + 0.7 * rng.normal(size=(clips, 1, denoisers))
    noise = rng.normal(size=(1, noises, 1)) + 0.7 * rng.normal(size=(1, noises, denoisers))
    rest = 0.3 * rng.normal(size=(clips, noises, denoisers))
    values: Floats = (clip + noise + rest).reshape(-1, denoisers)
    return values


def test_identical_denoisers_are_never_separated() -> None:
    """Two names of one denoiser share a rank and differ by nothing, in every corpus."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        clean, noise = met(7, 5)
        values = simulated(rng, 7, 5, denoisers=2)[:, [0, 1, 1]]
        rows = standings(values, clean, noise, contest=Contest(BLIND, 1, True))

        assert [(row.rank, row.rank_high) for row in rows[1:]] == [(1, 2)] * 2
        assert (rows[2].delta, rows[2].p_value) == (0.0, 1.0)


def test_a_planted_gap_is_found() -> None:
    """A denoiser that is 3 dB better on every mixture is ranked first and surely helps."""
    rng = np.random.default_rng(3)
    clean, noise = met(9, 6)
    noisy = simulated(rng, 9, 6, denoisers=1)
    values = np.hstack([noisy, noisy + rng.normal(0.0, 0.5, noisy.shape), noisy + 3.0])

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert [row.rank for row in rows] == [None, 2, 1]
    assert rows[2].delta == pytest.approx(3.0, abs=1e-9)
    assert rows[2].p_value < 0.01
    assert np.isnan(rows[0].p_value)
    assert rows[0].delta == 0.0


def test_lower_is_better_turns_the_ranks_around() -> None:
    """In a distance the smaller value ranks first."""
    rng = np.random.default_rng(4)
    clean, noise = met(9, 6)
    noisy = simulated(rng, 9, 6, denoisers=1)
    values = np.hstack([noisy, noisy + 1.0, noisy - 1.0])

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, False))

    assert [row.rank for row in rows] == [None, 2, 1]


def test_ranks_are_counted_within_a_group() -> None:
    """An oracle above all takes no rank from the blind, nor does an informed one."""
    clean, noise = met(6, 6)
    base = simulated(np.random.default_rng(5), 6, 6, denoisers=1)
    groups = ("blind", "oracle", "informed", "blind", "reference")
    values = base + np.array([0.0, 9.0, 5.0, 2.0, 1.0])

    rows = standings(values, clean, noise, contest=Contest(groups, 4, True))

    assert [row.rank for row in rows] == [2, None, 1, 1, None]


def test_values_are_compared_on_the_common_support() -> None:
    """A mixture on which one denoiser has no value counts for none."""
    clean, noise = met(4, 4)
    values = np.tile(np.arange(16.0)[:, np.newaxis], 3)
    values[15, 1] = np.nan

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert [row.n for row in rows] == [15, 15, 15]
    assert [row.mean for row in rows] == [7.0, 7.0, 7.0]


@pytest.mark.parametrize(("missing", "compared_on"), [(1, 15), (2, 16), (13, 16)])
def test_a_denoiser_that_often_fails_does_not_empty_the_means(
    missing: int, compared_on: int
) -> None:
    """With values on less than nine tenths it has no mean; it is ranked by what is filled in."""
    clean, noise = met(4, 4)
    values = np.tile(np.arange(16.0)[:, np.newaxis], 3)
    values[16 - missing :, 1] = np.nan

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert [rows[0].n, rows[2].n] == [compared_on] * 2
    assert rows[1].n == 16 - missing if compared_on == 16 else compared_on
    assert np.isnan([rows[1].mean, rows[1].median, rows[1].ci_low]).all() == (compared_on == 16)
    assert [(row.rank, row.rank_high) for row in rows[1:]] == [(1, 2)] * 2
    assert (rows[1].delta, rows[1].worst_case) == (0.0, 7.5)


def test_denoisers_that_fail_here_and_there_are_left_out_one_after_the_other() -> None:
    """Three that each fail elsewhere share too little: those with the fewest values go first."""
    clean, noise = met(10, 10)
    values = np.tile(np.arange(100.0)[:, np.newaxis], 5)
    for place, (first, last) in enumerate([(0, 9), (10, 18), (20, 27)], start=2):
        values[first:last, place] = np.nan
    contest = Contest(("reference", *["blind"] * 4), 0, True)

    rows = standings(values, clean, noise, contest=contest)

    assert [row.n for row in rows] == [93, 93, 91, 92, 93]
    assert [np.isfinite(row.mean) for row in rows] == [True, True, False, False, True]
    assert [row.rank for row in rows] == [None, 1, 1, 1, 1]


def test_one_noise_recording_has_a_mean_and_no_interval() -> None:
    """Under two clusters the mean stands alone: no interval, no p-value, no rank."""
    clean, noise = met(5, 1)
    values = np.arange(5.0)[:, np.newaxis] + np.array([0.0, 1.0, 9.0])

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert (rows[2].mean, rows[2].median, rows[2].delta) == (11.0, 11.0, 9.0)
    assert np.isnan([rows[2].ci_low, rows[2].ci_high, rows[2].p_value]).all()
    assert [(row.rank, row.rank_high, row.resolved) for row in rows] == [(None, None, False)] * 3


def test_nobody_has_a_value() -> None:
    """A cell without any value has rows of zero mixtures."""
    clean, noise = met(2, 2)

    rows = standings(np.full((4, 3), np.nan), clean, noise, contest=Contest(BLIND, 0, True))

    assert [(row.n, row.rank) for row in rows] == [(0, None)] * 3


def test_means_are_weighted_by_length_too() -> None:
    """A mixture of twice the length counts twice in the weighted mean, and once in the mean."""
    clean, noise = met(2, 2)
    cell = Cell(
        np.array([[1.0], [2.0], [3.0], [4.0]]),
        np.array([10.0, 5.0, 5.0, 5.0]),
        lambda support: crossed(clean[support], noise[support]),
    )

    row = compare(cell, Contest(("blind",), None, True)).standings[0]

    assert (row.mean, row.weighted_mean) == (2.5, 2.2)


def test_duels_tell_who_beats_whom() -> None:
    """The better of each pair first, in the metric's direction; others are no pair."""
    clean, noise = met(9, 6)
    noisy = simulated(np.random.default_rng(6), 9, 6, denoisers=1)
    rest = np.random.default_rng(7).normal(0.0, 0.5, (len(noisy), 4))
    values = np.hstack([noisy, noisy + rest + np.array([0.0, -3.0, 0.0, 5.0])])
    groups = ("reference", "blind", "blind", "blind", "oracle")

    outcome = outcome_of(values, clean, noise, contest=Contest(groups, 0, False))
    rows, duels = outcome.standings, outcome.duels

    assert duels

    pairs = list(zip(duels.better.tolist(), duels.worse.tolist(), strict=True))
    assert {frozenset(pair) for pair in pairs} == {frozenset(p) for p in [(1, 2), (1, 3), (2, 3)]}
    assert [pair for pair, sure in zip(pairs, duels.sure, strict=True) if sure] == [(2, 1), (2, 3)]
    assert (duels.difference >= 0).all()
    assert (duels.difference[duels.sure] - duels.half_width[duels.sure] > 0).all()
    assert [(row.rank, row.rank_high) for row in rows[1:4]] == [(2, 3), (1, 1), (2, 3)]


def test_equally_good_denoisers_are_rarely_separated() -> None:
    """Of eight that differ by chance only, all share the first rank in 95 of 100 test sets."""
    clean, noise = met(12, 8)
    rounds = 150
    apart = 0
    for seed in range(rounds):
        values = simulated(np.random.default_rng(seed), 12, 8, denoisers=8)
        rows = standings(values, clean, noise, contest=Contest(("blind",) * 8, None, True))
        apart += {row.rank for row in rows} != {1}

    # Holm keeps the chance of one false difference below 5 %; three standard errors above it.
    assert apart / rounds <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)
