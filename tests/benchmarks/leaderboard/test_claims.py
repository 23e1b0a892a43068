from __future__ import annotations

import numpy as np
import pytest

from benchmarks.leaderboard.cell import Cell, compare
from benchmarks.leaderboard.claims import Claims
from benchmarks.leaderboard.crossed import crossed
from benchmarks.leaderboard.inference import SIGNIFICANT
from benchmarks.leaderboard.ranking import Contest

CLEAN, NOISE = np.repeat(np.arange(9), 6), np.tile(np.arange(6), 9)
GROUPS = ("reference", "blind", "blind", "blind", "blind", "informed", "oracle")
LEARNED = frozenset({3, 4, 6})


def values_of(levels: list[float], *, seed: int = 0, spread: float = 0.5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    base = rng.normal(size=9)[CLEAN] + rng.normal(size=6)[NOISE]
    drawn: np.ndarray = base[:, np.newaxis] + rng.normal(levels, spread, (54, len(levels)))
    return drawn


def claimed(
    values: np.ndarray, *, up: bool = True, groups: tuple[str, ...] = GROUPS
) -> list[Claims]:
    contest = Contest(groups, 0, up, learned=LEARNED)
    cell = Cell(values, np.ones(54), lambda s: crossed(CLEAN[s], NOISE[s]))
    return list(compare(cell, contest).claims)


def test_everybody_but_the_references_claims_to_help() -> None:
    """The difference is positive where it helps, in either direction; p is that of the row."""
    values = values_of([0.0, 1.0, -1.0, 3.0, 0.0, 4.0, 9.0])
    rising, falling = claimed(values)[0], claimed(-values, up=False)[0]

    assert rising.family == "noisy"
    assert rising.denoiser.tolist() == [1, 2, 3, 4, 5, 6]
    assert set(rising.opponent.tolist()) == {0}
    assert np.sign(rising.difference).tolist()[:3] == [1.0, -1.0, 1.0]
    np.testing.assert_allclose(falling.difference, rising.difference, rtol=1e-12)
    np.testing.assert_allclose(falling.p_value, rising.p_value, rtol=1e-9)
    cell = Cell(values, np.ones(54), lambda s: crossed(CLEAN[s], NOISE[s]))
    rows = compare(cell, Contest(GROUPS, 0, True, learned=LEARNED)).standings
    assert rising.p_value.tolist() == [row.p_value for row in rows[1:]]


def test_the_opponent_is_the_best_classical_denoiser() -> None:
    """Of the blind ones that learned nothing; only blind learned ones are held against it."""
    values = values_of([0.0, 1.0, 2.0, 5.0, 1.5, 9.0, 9.0])
    (rising, falling) = (claimed(values)[1], claimed(-values, up=False)[1])

    assert rising.family == "best_classical"
    assert (rising.denoiser.tolist(), rising.opponent.tolist()) == ([3, 4], [2, 2])
    assert rising.difference[0] == pytest.approx(values[:, 3].mean() - values[:, 2].mean())
    assert rising.p_value[0] < SIGNIFICANT
    assert rising.difference[1] < 0
    assert rising.p_value[1] == 1.0
    np.testing.assert_allclose(falling.p_value, rising.p_value, rtol=1e-9)


def test_the_p_value_is_the_largest_against_any_classical_denoiser() -> None:
    """One classical denoiser that scatters widely keeps the claim from being sure."""
    values = values_of([0.0, 1.0, 2.0, 5.0, 5.0, 0.0, 0.0])
    assert claimed(values)[1].p_value[0] < 0.001
    values[:, 1] += np.random.default_rng(5).normal(0.0, 9.0, 6)[NOISE]

    claims = claimed(values)[1]

    assert claims.opponent[0] == int(np.argmax(values.mean(axis=0)[1:3])) + 1
    assert claims.p_value[0] > SIGNIFICANT


def test_choosing_the_opponent_afterwards_claims_no_more_than_it_may() -> None:
    """A learned denoiser as good as six classical ones is surely better in under 5 % of boards."""
    groups, sure = ("reference", *["blind"] * 7), 0
    for seed in range(150):
        contest = Contest(groups, 0, True, learned=frozenset({7}))
        values = values_of([0.0, *[1.0] * 7], seed=seed)
        cell = Cell(values, np.ones(54), lambda s: crossed(CLEAN[s], NOISE[s]))
        sure += int((compare(cell, contest).claims[1].p_value < SIGNIFICANT).sum())

    assert sure / 150 <= 0.05


def test_without_learned_or_classical_denoisers_nobody_claims_it() -> None:
    """The family is empty, and doing nothing is still an opponent."""
    groups = ("reference", *["informed"] * 6)

    noisy, classical = claimed(values_of([0.0] * 7), groups=groups)

    assert len(noisy.denoiser) == 6
    assert len(classical.denoiser) == len(classical.p_value) == 0
