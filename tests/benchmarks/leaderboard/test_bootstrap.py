from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.leaderboard.bootstrap import resampled_means


def crossed(clips: int, noises: int) -> tuple[NDArray[np.str_], NDArray[np.str_]]:
    clean = np.repeat([f"c{item:02d}" for item in range(clips)], noises)
    noise = np.tile([f"n{item:02d}" for item in range(noises)], clips)
    return clean, noise


@pytest.mark.parametrize(("clips", "noises"), [(1, 5), (5, 1), (0, 0)])
def test_chance_cannot_be_told_under_two_clusters(clips: int, noises: int) -> None:
    """One clean or one noise recording gives no interval, however many mixtures there are."""
    clean, noise = crossed(clips, noises)

    assert resampled_means(np.ones((clips * noises, 1)), clean, noise) is None


def test_the_same_seed_draws_the_same_means() -> None:
    """Draws are a function of the seed and the clusters; golden values pin them."""
    clean, noise = crossed(4, 3)
    values = np.arange(12.0)[:, np.newaxis]

    first = resampled_means(values, clean, noise, replicates=4)
    second = resampled_means(values, clean, noise, replicates=4)
    other = resampled_means(values, clean, noise, seed=1, replicates=4)

    assert first is not None
    assert second is not None
    assert other is not None
    assert first.tolist() == second.tolist()
    assert first.tolist() != other.tolist()
    # Weights are integers and their sums exact, so 1e-12 leaves room for one division only.
    assert first.ravel().tolist() == pytest.approx([31 / 4, 11 / 6, 89 / 12, 4.0], abs=1e-12)


def test_names_and_order_of_recordings_do_not_matter_to_the_spread() -> None:
    """A constant has no spread, whatever the weights."""
    clean, noise = crossed(6, 5)

    means = resampled_means(np.full((30, 2), 7.25), clean, noise, replicates=200)

    assert means is not None
    assert means.ravel().tolist() == pytest.approx([7.25] * 400, abs=1e-12)  # rounding of a sum


def test_many_mixtures_are_weighed_in_pieces() -> None:
    """Weighing in pieces bounds the memory and changes no number."""
    clean, noise = crossed(100, 60)
    values = np.arange(6000.0)[:, np.newaxis]

    means = resampled_means(values, clean, noise, replicates=1000)

    assert means is not None
    # The first 500 replicates of a longer call are the same draws when drawn row by row.
    few = resampled_means(values, clean, noise, replicates=500)
    assert few is not None
    assert means[:500].ravel().tolist() == pytest.approx(few.ravel().tolist(), rel=1e-12)


def test_the_spread_is_that_of_the_recordings() -> None:
    """With clip and noise effects alone, the variance is theirs over their number."""
    rng = np.random.default_rng(0)
    clean, noise = crossed(40, 30)
    clip_effect, noise_effect = rng.normal(size=40), 0.5 * rng.normal(size=30)
    values = (clip_effect[:, np.newaxis] + noise_effect).reshape(-1, 1)

    means = resampled_means(values, clean, noise)

    assert means is not None
    expected = np.sqrt(clip_effect.var() / 40 + noise_effect.var() / 30)
    # 2000 replicates tell a standard deviation to 1.6 %; 6 % is nearly four of those.
    assert float(means.std()) == pytest.approx(expected, rel=0.06)
