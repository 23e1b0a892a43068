"""Who knows the sources weighs the microphones better than who does not."""

import numpy as np

from benchmarks.classical.kamir import Kamir
from benchmarks.classical.oracle_bleed_wiener import OracleBleedWiener
from benchmarks.harness.apply import load_denoiser

RATE = 16_000


def test_the_bound_is_above_the_blind_filter(sources, mixed, si_sdr_db):
    images, tracks = mixed(sources)

    bound = OracleBleedWiener()(tracks, RATE, side={"clean": images})

    assert si_sdr_db(bound, images).mean() > si_sdr_db(Kamir()(tracks, RATE), images).mean()


def test_targets_of_another_level_do_as_well(sources, mixed):
    """Dry sources are not as loud as their images: the matrix tells."""
    images, tracks = mixed(sources)

    bounds = [OracleBleedWiener()(tracks, RATE, side={"clean": s}) for s in (images, sources)]

    np.testing.assert_allclose(*bounds, atol=2e-3)


def test_without_bleed_the_input_returns(sources, si_sdr_db):
    assert (
        si_sdr_db(OracleBleedWiener()(sources, RATE, side={"clean": sources}), sources).min() > 40
    )


def test_silence_stays_silence(sources):
    silent = np.zeros_like(sources)

    assert not OracleBleedWiener()(silent, RATE, side={"clean": silent}).any()


def test_it_ranks_with_the_oracles():
    assert load_denoiser("oracle_bleed_wiener").spec.rank_group == "oracle"
