from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.leaderboard.stats import Contest, holm, standings, two_sided

Floats = NDArray[np.float64]
BLIND = ("reference", "blind", "blind")


def crossed(clips: int, noises: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    clean = np.repeat([f"c{item:02d}" for item in range(clips)], noises)
    noise = np.tile([f"n{item:02d}" for item in range(noises)], clips)
    return clean, noise


def simulated(rng: np.random.Generator, clips: int, noises: int, *, denoisers: int) -> Floats:
    """Draw values with clip, noise and denoiser-dependent effects around zero."""
    clip = rng.normal(size=(clips, 1, 1)) + 0.7 * rng.normal(size=(clips, 1, denoisers))
    noise = rng.normal(size=(1, noises, 1)) + 0.7 * rng.normal(size=(1, noises, denoisers))
    rest = 0.3 * rng.normal(size=(clips, noises, denoisers))
    values: Floats = (clip + noise + rest).reshape(-1, denoisers)
    return values


def test_intervals_cover_the_truth_about_as_often_as_they_promise() -> None:
    """Over simulated corpora the 95 % interval of the mean holds the true mean of 0."""
    rng = np.random.default_rng(1)
    clean, noise = crossed(24, 20)
    rounds, inside, errors = 300, 0, 0
    for seed in range(rounds):
        values = simulated(rng, 24, 20, denoisers=2)
        contest = Contest(("reference", "blind"), 0, True, seed=seed, replicates=400)
        row = standings(values, clean, noise, contest=contest)[1]
        inside += row.ci_low <= 0.0 <= row.ci_high
        errors += row.p_value < 0.05

    # Percentile intervals of 20 clusters promise a little less than 95 %; 300 rounds tell a
    # share near 0.93 to ± 0.03 (two standard errors).
    assert 0.90 <= inside / rounds <= 0.98
    assert 0.02 <= errors / rounds <= 0.10


def test_mixtures_that_share_recordings_are_not_taken_as_independent() -> None:
    """The interval is wider than that of a plain bootstrap when recordings decide the score."""
    rng = np.random.default_rng(2)
    clean, noise = crossed(10, 10)
    values = simulated(rng, 10, 10, denoisers=1)
    row = standings(values, clean, noise, contest=Contest(("blind",), None, True))[0]

    naive = 2 * 1.96 * values.std() / np.sqrt(len(values))

    assert row.ci_high - row.ci_low > 1.5 * naive


def test_identical_denoisers_are_never_separated() -> None:
    """Two names of one denoiser share a rank and differ by nothing, in every corpus."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        clean, noise = crossed(7, 5)
        values = simulated(rng, 7, 5, denoisers=2)[:, [0, 1, 1]]
        rows = standings(values, clean, noise, contest=Contest(BLIND, 1, True, seed=seed))

        assert rows[1].rank == rows[2].rank == 1
        assert (rows[2].delta, rows[2].p_value) == (0.0, 1.0)


def test_a_planted_gap_is_found() -> None:
    """A denoiser that is 3 dB better on every mixture is ranked first and surely helps."""
    rng = np.random.default_rng(3)
    clean, noise = crossed(9, 6)
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
    clean, noise = crossed(9, 6)
    noisy = simulated(rng, 9, 6, denoisers=1)
    values = np.hstack([noisy, noisy + 1.0, noisy - 1.0])

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, False))

    assert [row.rank for row in rows] == [None, 2, 1]


def test_ranks_are_counted_within_a_group() -> None:
    """An oracle above all takes no rank from the blind, nor does an informed one."""
    clean, noise = crossed(6, 6)
    base = simulated(np.random.default_rng(5), 6, 6, denoisers=1)
    groups = ("blind", "oracle", "informed", "blind", "reference")
    values = base + np.array([0.0, 9.0, 5.0, 2.0, 1.0])

    rows = standings(values, clean, noise, contest=Contest(groups, 4, True))

    assert [row.rank for row in rows] == [2, None, 1, 1, None]


def test_values_are_compared_on_the_common_support() -> None:
    """A mixture on which one denoiser has no value counts for none."""
    clean, noise = crossed(4, 4)
    values = np.tile(np.arange(16.0)[:, np.newaxis], 3)
    values[15, 1] = np.nan

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert [row.n for row in rows] == [15, 15, 15]
    assert [row.mean for row in rows] == [7.0, 7.0, 7.0]


def test_a_denoiser_that_mostly_fails_does_not_empty_the_comparison() -> None:
    """With values on less than half of the mixtures it has a count, and no other number."""
    clean, noise = crossed(4, 4)
    values = np.tile(np.arange(16.0)[:, np.newaxis], 3)
    values[3:, 1] = np.nan

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert [row.n for row in rows] == [16, 3, 16]
    assert np.isnan([rows[1].mean, rows[1].delta, rows[1].ci_low]).all()
    assert rows[1].rank is None
    assert rows[2].rank == 1


def test_one_noise_recording_has_a_mean_and_no_interval() -> None:
    """Under two clusters the mean stands alone: no interval, no p-value, nobody surely better."""
    clean, noise = crossed(5, 1)
    values = np.arange(5.0)[:, np.newaxis] + np.array([0.0, 1.0, 9.0])

    rows = standings(values, clean, noise, contest=Contest(BLIND, 0, True))

    assert (rows[2].mean, rows[2].median, rows[2].delta) == (11.0, 11.0, 9.0)
    assert np.isnan([rows[2].ci_low, rows[2].ci_high, rows[2].p_value]).all()
    assert [row.rank for row in rows] == [None, 1, 1]


def test_nobody_has_a_value() -> None:
    """A cell without any value has rows of zero mixtures."""
    clean, noise = crossed(2, 2)

    rows = standings(np.full((4, 3), np.nan), clean, noise, contest=Contest(BLIND, 0, True))

    assert [(row.n, row.rank) for row in rows] == [(0, None)] * 3


def test_holm_is_that_of_the_book() -> None:
    """The example of Holm's procedure: sorted p-values times what is left, never falling."""
    p_values = np.array([0.04, 0.001, 0.03, 0.02])

    # Sorted: 0.001·4, 0.02·3, 0.03·2, max(0.06, 0.04·1).
    assert holm(p_values).tolist() == pytest.approx([0.06, 0.004, 0.06, 0.06], abs=1e-15)
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_a_p_value_is_never_zero() -> None:
    """Of 1999 replicates that all agree, the p-value is 2 / 2000."""
    assert two_sided(np.ones((1999, 1))).tolist() == [0.001]
    steps = [two_sided(np.r_[np.ones(99), -np.ones(count)][:, None])[0] for count in range(5)]
    assert all(earlier < later for earlier, later in pairwise(steps))
