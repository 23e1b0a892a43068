from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.leaderboard.crossed import crossed, estimate
from benchmarks.leaderboard.inference import (
    POWER,
    RESOLUTION,
    SIGNIFICANT,
    Estimate,
    detectable,
    freedom_of,
    holm,
    quantile,
    smallest,
    two_sided,
)


def test_quantiles_are_those_of_the_t_distribution() -> None:
    """The table is right to a ten-thousandth, between its points too."""
    freedom = np.geomspace(1.0, 1e5, 3001)

    exact = stats.t.ppf(0.975, freedom)

    assert np.abs(quantile(freedom) / exact - 1).max() < 1e-4


def test_a_quantile_gives_its_freedom_back() -> None:
    """One difference alone is a freedom of one, with the widest quantile there is."""
    freedom = np.array([1.0, 2.5, 16.0])

    # Between its points the table is straight, there and back.
    assert np.abs(freedom_of(quantile(freedom)) - freedom).max() < 1e-9


@pytest.mark.parametrize("freedom", [3.0, 8.0, 30.0])
def test_what_is_detectable_has_the_power_of_the_noncentral_t(freedom: float) -> None:
    """At the median error of the true 0.25, scipy's noncentral t distribution gives 80 %."""
    median = 0.25 * np.sqrt(stats.chi2.ppf(0.5, freedom) / freedom)
    # A tenth of a fitted freedom is taken off before.
    found = Estimate(np.zeros(1), np.array([median]), np.array([freedom / 0.9]))

    shift = detectable(found).item() / 0.25

    limit = stats.t.ppf(0.975, freedom)
    power = stats.nct.sf(limit, freedom, shift) + stats.nct.cdf(-limit, freedom, shift)
    assert power == pytest.approx(POWER, abs=2e-3)  # the table has 200 points


def test_a_gap_of_half_a_decibel_is_found_where_it_is_said_to_be(simulate) -> None:
    """The first test set that promises to show 0.5 dB shows it in about 80 of 100 cases.

    Sets grow by clips and noises together; what one promises is read off one pilot, as a user would
    read it off a leaderboard, of the median over many denoisers that differ by their own effects.
    """
    sizes = (0.5, 0.4, 0.6, 0.6)
    for clips in range(4, 60):
        recordings = np.divmod(np.arange(clips * clips), clips)
        crossing = crossed(*recordings)
        pilot = simulate(recordings, sizes, 101, seed=clips)
        promised = float(np.median(detectable(estimate(pilot, crossing))))
        if promised <= 0.5:
            break
    rounds = 2000
    values = simulate(recordings, sizes, rounds)

    found = (two_sided(estimate(values + 0.5, crossing)) < SIGNIFICANT).mean()
    false = (two_sided(estimate(values, crossing)) < SIGNIFICANT).mean()

    # The pilot's median is off by some 2 % of the difference, which is 2 points of power; the set
    # is the first that is enough, so a little more than enough; 2000 rounds tell 80 % to 0.9.
    assert POWER - 0.05 <= found <= POWER + 0.08
    assert false <= SIGNIFICANT + 0.015


def test_a_smaller_gap_is_mostly_missed(simulate, designs) -> None:
    """A third of what is said to be detectable is found in fewer than a quarter of test sets."""
    recordings = designs["a build of 19 × 17"]
    crossing = crossed(*recordings)
    values = simulate(recordings, (0.5, 0.5, 0.5, 0.5), 2000)
    told = np.median(detectable(estimate(values, crossing)))

    assert (two_sided(estimate(values + told / 3, crossing)) < SIGNIFICANT).mean() < 0.25


def test_the_smallest_difference_is_told_by_metric_and_noise_class() -> None:
    """The median over the pairs that differ at all, with the least and the most."""
    duels = pd.DataFrame(
        [
            ("snr", "all", 9, 0.2),
            ("snr", "all", 9, 0.4),
            ("snr", "all", 9, 0.9),
            ("snr", "all", 9, 0.0),
            ("snr", "crowd", 3, np.nan),
        ],
        columns=["metric", "noise_class", "n", "detectable"],
    )

    assert smallest(duels, by="noise_class").to_dict("records") == [
        {
            "metric": "snr",
            "noise_class": "all",
            "n": 9,
            "pairs": 3,
            "difference": 0.4,
            "lowest": 0.2,
            "highest": 0.9,
        }
    ]


def test_holm_is_that_of_the_book() -> None:
    """The example of Holm's procedure: sorted p-values times what is left, never falling."""
    p_values = np.array([0.04, 0.001, 0.03, 0.02])

    # Sorted: 0.001·4, 0.02·3, 0.03·2, max(0.06, 0.04·1).
    assert holm(p_values).tolist() == pytest.approx([0.06, 0.004, 0.06, 0.06], abs=1e-15)
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]
    assert holm(np.array([])).tolist() == []


def test_a_p_value_is_that_of_the_t_test() -> None:
    """For independent values it is scipy's."""
    values = np.random.default_rng(0).normal(0.4, 1.0, 12)
    error = values.std(ddof=1) / np.sqrt(12)
    found = Estimate(values.mean(keepdims=True), np.array([error]), np.array([11.0]))

    assert two_sided(found).item() == pytest.approx(stats.ttest_1samp(values, 0.0).pvalue, rel=1e-9)


def test_no_spread_makes_a_difference_certain_and_rounding_none() -> None:
    """The same difference on every mixture is sure, unless it is one of rounding; NaN stays NaN."""
    means = np.array([0.0, RESOLUTION / 2, 0.1, 0.1])
    found = Estimate(means, np.array([0.0, 0.0, 0.0, np.nan]), np.array([1.0, 1.0, 1.0, np.nan]))

    assert two_sided(found)[:3].tolist() == [1.0, 1.0, 0.0]
    assert np.isnan(two_sided(found)[3])
