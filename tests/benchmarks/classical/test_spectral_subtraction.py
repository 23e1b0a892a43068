"""Over-subtraction follows the frame's SNR, and a floor remains."""

import numpy as np
import pytest

from benchmarks.classical.spectral_subtraction import SpectralSubtraction

NOISE = np.ones((1, 4), np.float32)


def flat(level_over_noise, *, frames=100):
    """Every bin of every frame is louder than the noise by a factor."""
    return np.full((frames, 4), level_over_noise, np.float32)


@pytest.mark.parametrize(("snr_db", "factor"), [(30.0, 1.0), (20.0, 1.0), (10.0, 2.5), (5.0, 3.25)])
def test_the_published_factor_is_subtracted(snr_db, factor):
    """The factor is 4 - 3/20 SNR, and 1 from 20 dB on (Berouti et al. 1979)."""
    level = 10 ** (snr_db / 10)

    gain = SpectralSubtraction().gain(flat(level), NOISE)[1]

    expected = np.sqrt(max(level - factor, 0.01) / level)
    np.testing.assert_allclose(gain, expected, rtol=1e-4)  # float32 logarithms


def test_the_floor_remains_of_noise_alone():
    """Where all would be subtracted, the floor's share of the noise power is left."""
    gain = SpectralSubtraction(floor=0.04).gain(flat(2.0), NOISE)[1]

    np.testing.assert_allclose(gain, np.sqrt(0.04 / 2.0), rtol=1e-5)


def test_no_gain_exceeds_one():
    """A bin below the floor is left as it is, and silence stays silent."""
    power = flat(100.0)
    power[3] = [1e-9, 0, 1e-30, 1e-2]

    gain = SpectralSubtraction().gain(power, NOISE)

    assert gain.max() <= 1
    assert np.isfinite(gain).all()
