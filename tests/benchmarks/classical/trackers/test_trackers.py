"""Trackers know stationary noise, follow a step within their delay, and are not taken in by music.

The bars are the papers': their biases are told for stationary noise, their delays by how they work.
"""

import numpy as np
import pytest
from scipy import optimize

from benchmarks.classical.gain_rule import TRACKERS
from benchmarks.classical.wiener import Wiener
from benchmarks.signal.stft import Stft, power_of
from mn_dataset.seeds import generator

RATE = 44_100
STFT = Stft()
FRAMES_PER_S = RATE / STFT.hop
BLIND = [name for name in TRACKERS if name != "quantile"]


def noise(seconds, *, name="noise"):
    return generator(0, "test tracker", name).normals(round(seconds * RATE))


def coloured(seconds):
    """Noise that falls by 6 dB an octave, and its power per bin."""
    white = np.fft.rfft(noise(seconds))
    f = np.fft.rfftfreq(round(seconds * RATE), 1 / RATE)
    shape = 1 / np.hypot(f, 300.0)
    bins = np.fft.rfftfreq(STFT.window_length, 1 / RATE)
    expected = np.square(STFT.window).sum() / np.hypot(bins, 300.0) ** 2
    return np.fft.irfft(white * shape), expected


def tracked(name, signal):
    power = power_of(STFT.forward(signal.astype(np.float32)))
    return TRACKERS[name](power, frames_per_s=FRAMES_PER_S)


def level_db(found, expected):
    """Return the mean level over bins, the edges left away, against what is expected."""
    ratio = found[..., 2:-2] / expected[..., 2:-2]
    return 10 * np.log10(ratio.mean(axis=-1))


@pytest.mark.parametrize(
    ("name", "bias_db"),
    [
        ("quantile", 0.4),
        ("minimum_statistics", 1.0),  # Martin, section VI: within 1 dB of the truth
        ("imcra", 1.0),  # Cohen, eq. 12: unbiased by β; within the fluctuation of 20 frames
    ],
)
def test_stationary_noise_of_any_spectrum_is_known_at_its_level(name, bias_db):
    """Ten seconds of brown noise, once the first two are over."""
    signal, expected = coloured(10.0)

    found = tracked(name, signal)

    later = found if name == "quantile" else found[round(2 * FRAMES_PER_S) :]
    assert abs(level_db(later, expected).mean()) < bias_db


def test_the_bias_of_spp_is_what_its_equations_say():
    """Large powers of noise pass for music: the level at which estimate and hearing agree.

    With the power γ of the noise exponential of mean 1, eq. 22 rests where the mean of
    (1 − p)·γ + p·x is x, with p of eq. 18 at γ / x: some 1 dB below the noise.
    """
    gamma = np.linspace(0.0, 40.0, 40_001)

    def heard(level):
        prior = 10**1.5
        presence = 1 / (1 + (1 + prior) * np.exp(-gamma / level * prior / (1 + prior)))
        return np.trapezoid(((1 - presence) * gamma + presence * level) * np.exp(-gamma), gamma)

    level = optimize.brentq(lambda x: heard(x) - x, 0.3, 2.0)
    signal, expected = coloured(10.0)

    found = level_db(tracked("spp", signal)[round(FRAMES_PER_S) :], expected).mean()

    assert 10 * np.log10(level) == pytest.approx(-1.0, abs=0.3)
    assert found == pytest.approx(10 * np.log10(level), abs=0.3)  # frames overlap


@pytest.mark.parametrize("name", BLIND)
def test_the_estimate_scales_with_the_noise(name):
    """No level is preferred."""
    signal = noise(3.0)

    first, second = tracked(name, 0.01 * signal), tracked(name, signal)

    np.testing.assert_allclose(second, 1e4 * first, rtol=2e-3)


@pytest.mark.parametrize(
    ("name", "after_s"),
    [
        ("minimum_statistics", 1.536 + 1.536 / 8 + 0.3),  # a window, a sub-window, the smoothing
        ("imcra", 2 * 135 / FRAMES_PER_S + 0.7),  # two rounds of minima over 8 + 1 times 15 frames
        ("spp", 1.0),  # section V: 10 dB in less than a second
    ],
)
def test_a_step_up_is_followed_within_the_delay(name, after_s):
    """10 dB at five seconds; within 2 dB of the new level once the delay is over."""
    signal = noise(10.0)
    signal[5 * RATE :] *= 10**0.5
    expected = np.full(1025, 10 * np.square(STFT.window).sum())

    found = level_db(tracked(name, signal), expected)

    before = found[round(4.0 * FRAMES_PER_S) : round(4.9 * FRAMES_PER_S)]
    after = found[round((5 + after_s) * FRAMES_PER_S) : -10]
    assert np.abs(before + 10).max() < 2.0
    assert np.abs(after).max() < 2.0


@pytest.mark.parametrize(
    ("name", "after_s"),
    [
        ("minimum_statistics", 0.5),  # a minimum falls at once
        ("imcra", 0.5),  # Cohen, eq. 11: 0.85 a frame without music, 10 dB in 14 frames
        ("spp", 1.0),
    ],
)
def test_a_step_down_is_followed_soon(name, after_s):
    """By 10 dB at four seconds."""
    signal = noise(8.0)
    signal[4 * RATE :] *= 10**-0.5
    expected = np.full(1025, 0.1 * np.square(STFT.window).sum())

    found = level_db(tracked(name, signal), expected)

    assert np.abs(found[round((4 + after_s) * FRAMES_PER_S) : -10]).max() < 2.0


@pytest.mark.parametrize(
    ("name", "most_db"), [("minimum_statistics", 3.0), ("imcra", 3.0), ("quantile", 3.0)]
)
def test_notes_that_rest_are_not_taken_for_noise(name, most_db):
    """A note 26 dB above the noise of its bin, a third of the time, leaves the estimate there."""
    signal = 0.01 * noise(12.0)
    time_s = np.arange(len(signal)) / RATE
    tone = 0.01 * np.sin(2 * np.pi * 1000 * time_s) * (time_s % 1.2 > 0.8)
    alone = tracked(name, signal)

    found = tracked(name, signal + tone)

    around = slice(44, 50)
    last = slice(round(3 * FRAMES_PER_S), None) if len(found) > 1 else slice(None)
    ratio = found[last, around].mean() / alone[last, around].mean()
    assert abs(10 * np.log10(ratio)) < most_db


@pytest.mark.parametrize("name", BLIND)
def test_items_of_a_batch_are_tracked_apart(name):
    """And in any number of channels."""
    one, two = noise(1.0, name="one"), 3 * noise(1.0, name="two")
    both = np.stack([one, two])[:, None]

    found = tracked(name, both)

    np.testing.assert_allclose(found[0, 0], tracked(name, one), rtol=1e-4)
    np.testing.assert_allclose(found[1, 0], tracked(name, two), rtol=1e-4)


def test_the_quantile_of_stepped_noise_lies_where_its_distribution_says():
    """One value for the whole clip: the tenth of a mixture of two exponentials, by hand.

    Half of the frames have mean 1, half 10: the quantile x solves the mean of 1 − exp(−x) and
    1 − exp(−x / 10) = 0.1, and is divided by −ln 0.9; it stays near the quieter half.
    """
    signal = noise(10.0)
    signal[5 * RATE :] *= 10**0.5
    level = optimize.brentq(lambda x: 1 - (np.exp(-x) + np.exp(-x / 10)) / 2 - 0.1, 0.0, 1.0)

    found = level_db(tracked("quantile", signal), np.full(1025, np.square(STFT.window).sum()))

    assert found == pytest.approx(10 * np.log10(level / -np.log(0.9)), abs=0.2)
    assert found < 3.0


def test_a_profile_is_known_at_its_level_and_follows_nothing():
    """A second of brown noise is its mean power within what 86 overlapping frames allow."""
    told, expected = coloured(1.0)
    mixture = 10 * noise(2.0)
    denoiser = Wiener(tracker="profile")
    power = power_of(STFT.forward(mixture.astype(np.float32)[None, None]))

    side = {"noise_profile": told.astype(np.float32)[None, None]}
    found = denoiser.noise(power, STFT, RATE, side)

    assert abs(level_db(found, expected)).max() < 0.4
    assert found.shape == (1, 1, 1, 1025)
