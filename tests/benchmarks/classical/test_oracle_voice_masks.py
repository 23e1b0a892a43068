"""The oracles are told the targets, and no row that is not comes near them."""

import numpy as np
import pytest

from benchmarks.classical.oracle_voice_masks import OracleVoiceBinaryMask, OracleVoiceRatioMask
from benchmarks.classical.rpca import Rpca

RATE = 44_100


def error_db(estimate, truth):
    return 10 * np.log10(np.square(estimate - truth, dtype=float).sum() / np.square(truth).sum())


@pytest.mark.parametrize("oracle", [OracleVoiceRatioMask, OracleVoiceBinaryMask])
def test_an_oracle_is_closer_than_a_blind_separator(oracle, song):
    """By 5 dB, for both targets."""
    song = song[..., :RATE]
    mixture = song.sum(axis=1)

    told = oracle()(mixture, RATE, side={"clean": song})
    blind = Rpca()(mixture, RATE)

    for target in (0, 1):
        truth = song[:, target]
        assert error_db(told[:, target], truth) < error_db(blind[:, target], truth) - 5


def test_the_ratio_mask_is_the_better_bound(song):
    """It is the best real gain where targets are uncorrelated; the binary one is coarser."""
    mixture, side = song.sum(axis=1), {"clean": song}
    soft = OracleVoiceRatioMask()(mixture, RATE, side=side)
    hard = OracleVoiceBinaryMask()(mixture, RATE, side=side)

    assert error_db(soft, song) < error_db(hard, song)


@pytest.mark.parametrize("oracle", [OracleVoiceRatioMask, OracleVoiceBinaryMask])
def test_a_target_alone_is_handed_back(oracle, song):
    """Its mask is 1 wherever there is sound, of three targets too."""
    targets = np.concatenate([0 * song, song[:, :1]], axis=1)

    estimates = oracle()(targets.sum(axis=1), RATE, side={"clean": targets})

    np.testing.assert_allclose(estimates, targets, atol=2e-6)  # float32 transforms
    assert oracle.spec.rank_group == "oracle"
