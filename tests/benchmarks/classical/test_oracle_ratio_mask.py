"""The oracle is told the layers, and nothing blind comes near it."""

import numpy as np

from benchmarks.classical.oracle_ratio_mask import OracleRatioMask
from benchmarks.classical.wiener import Wiener
from mn_dataset.seeds import generator


def layers():
    time_s = np.arange(44_100) / 44_100
    tone = np.sin(2 * np.pi * 440 * time_s) * np.exp(-3 * (time_s % 0.5))
    hiss = 0.2 * generator(0, "test", "hiss").normals(tone.size)
    return [signal.astype(np.float32)[np.newaxis, np.newaxis] for signal in (tone, hiss)]


def error_db(clean, estimate):
    return 10 * np.log10(np.square(clean - estimate).sum() / np.square(clean).sum())


def test_the_oracle_is_closer_than_a_blind_filter():
    """Knowing both layers is worth more than estimating one."""
    clean, noise = layers()

    oracle = OracleRatioMask()(clean + noise, 44_100, side={"clean": clean, "noise": noise})
    blind = Wiener()(clean + noise, 44_100)

    assert error_db(clean, oracle) < error_db(clean, blind) - 3


def test_without_noise_the_oracle_changes_nothing():
    """The mask is 1 wherever there is sound."""
    clean, noise = layers()

    estimate = OracleRatioMask()(clean, 44_100, side={"clean": clean, "noise": 0 * noise})

    np.testing.assert_allclose(estimate, clean, atol=2e-6)  # float32 transforms


def test_the_oracle_is_ranked_apart():
    """What it is told puts it among the oracles."""
    assert OracleRatioMask.spec.rank_group == "oracle"
