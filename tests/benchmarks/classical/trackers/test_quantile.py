"""The quiet moments of a frequency tell its noise."""

import numpy as np
import pytest

from benchmarks.classical.trackers.quantile import quantile_noise
from benchmarks.signal.stft import Stft, power_of
from mn_dataset.seeds import generator


@pytest.mark.parametrize("quantile", [0.05, 0.1, 0.5])
def test_the_bias_of_an_exponential_power_is_undone(quantile):
    """For powers of a known exponential distribution the mean comes back."""
    uniform = generator(0, "test", "quantile").uniforms(40_000).reshape(4000, 10)
    power = (-3.0 * np.log1p(-uniform)).astype(np.float32)

    noise = quantile_noise(power, quantile=quantile)

    assert noise.shape == (1, 10)
    # The 5 % quantile of 4000 draws is known to 7 % (standard error), averaged over ten bins.
    assert noise.mean() == pytest.approx(3.0, rel=0.07)


def test_white_noise_under_a_tone_is_found_at_its_level():
    """A tone that rests for a fifth of the clip leaves the noise estimate where it was."""
    noise = 0.1 * generator(0, "test", "white").normals(10 * 44_100)
    tone = np.sin(2 * np.pi * 1000 * np.arange(noise.size) / 44_100)
    tone[: noise.size // 5] = 0
    stft = Stft()

    estimate = quantile_noise(power_of(stft.forward((noise + tone).astype("f4"))), quantile=0.1)

    # The power of windowed white noise is its variance times the window's energy. Around the
    # tone (bin 46) a tenth of the clip is half of the rest: the median passes for the tenth,
    # which is too much by ln 2 / -ln 0.9, or 8.2 dB; 2 dB more are left to chance.
    expected = 0.01 * np.square(stft.window).sum()
    elsewhere = np.delete(estimate[0], slice(30, 65))
    assert elsewhere[1:-1].mean() == pytest.approx(expected, rel=0.1)
    assert 10 * np.log10(estimate[0, 46] / expected) < 10


def test_silence_has_no_noise():
    """Nothing in, nothing out."""
    assert not quantile_noise(np.zeros((2, 1, 5, 3), np.float32), quantile=0.1).any()
