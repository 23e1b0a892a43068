from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks.leaderboard.crossed import crossed, estimate
from benchmarks.leaderboard.estimate import SIGNIFICANT, Estimate
from benchmarks.leaderboard.power import POWER, detectable, smallest
from benchmarks.leaderboard.significance import two_sided


@pytest.mark.parametrize("freedom", [3.0, 8.0, 30.0])
def test_what_is_detectable_has_the_power_of_the_noncentral_t(freedom: float) -> None:
    """At the median error of the true 0.25, scipy's noncentral t distribution gives 80 %."""
    median = 0.25 * np.sqrt(stats.chi2.ppf(0.5, freedom) / freedom)
    found = Estimate(np.zeros(1), np.array([median]), np.array([freedom]))

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

    assert smallest(duels).to_dict("records") == [
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
