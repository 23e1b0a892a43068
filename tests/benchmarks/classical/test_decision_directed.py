"""The vectorised recursion is the one in the paper."""

import numpy as np

from benchmarks.classical.decision_directed import decision_directed, posterior_snr
from benchmarks.classical.wiener import wiener_gain
from mn_dataset.seeds import generator


def paper(power, noise, *, smoothing, floor):
    """Ephraim and Malah 1984, eq. 51, one number at a time."""
    gains, amplitude_squared = [], noise
    for value in power:
        gamma = value / noise
        prior = smoothing * amplitude_squared / noise + (1 - smoothing) * max(gamma - 1, 0)
        prior = max(prior, floor)
        gains.append(prior / (1 + prior))
        amplitude_squared = gains[-1] ** 2 * value
    return gains


def test_every_frequency_follows_the_papers_recursion():
    """Frame by frame, each frequency and batch item is what the scalar rule gives."""
    uniform = generator(0, "test", "recursion").uniforms(2 * 30 * 4).reshape(2, 30, 4)
    power = (-5 * np.log1p(-uniform)).astype(np.float32)
    noise = np.full((2, 1, 4), 1.5, np.float32)

    gains = decision_directed(power, noise, wiener_gain, smoothing=0.9, prior_floor_db=-20.0)

    for item in range(2):
        for column in range(4):
            expected = paper(power[item, :, column].tolist(), 1.5, smoothing=0.9, floor=0.01)
            # Thirty float32 steps of a recursion that forgets a tenth each.
            np.testing.assert_allclose(gains[item, :, column], expected, rtol=1e-5)


def test_the_floor_bounds_the_attenuation():
    """No gain is below ξ / (1 + ξ) of the floor, however loud the noise."""
    power = np.full((50, 2), 1e-3, np.float32)

    gains = decision_directed(
        power, np.ones((1, 2), np.float32), wiener_gain, smoothing=0.98, prior_floor_db=-25.0
    )

    floor = 10**-2.5
    np.testing.assert_allclose(gains[-1], floor / (1 + floor), rtol=1e-5)


def test_posterior_snr_is_bounded_and_total():
    """No noise counts as 60 dB; nothing overflows, not even beside the smallest noise."""
    power = np.float32([[0, 1, 2, 1e30, 0]])
    noise = np.float32([[1, 1, 0, 1e-38, 0]])

    np.testing.assert_allclose(posterior_snr(power, noise), [[1e-3, 1, 1e6, 1e6, 1e6]], rtol=1e-5)
