"""A gate opens before its source sounds, and closes where others alone are heard."""

import numpy as np
import pytest

from benchmarks.classical.gate import Gate, levels_db, otsu
from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator

RATE = 48_000  # a step of the gate is 48 samples


def track(*, bleed_db=-25.0, seconds=3.0):
    """Return half-second bursts of noise, a second apart, over steady bleed: shape (time,)."""
    size = round(seconds * RATE)
    draws = generator(0, "gate", "track")
    since_s = (np.arange(size) / RATE) % 1.0
    burst = 0.2 * draws.normals(size) * ((since_s > 0.3) & (since_s < 0.8))
    return (burst + 0.2 * 10 ** (bleed_db / 20) * draws.normals(size)).astype(np.float32)


def gated(signal, **options):
    return Gate(**options)(signal[None, None, None], RATE)[0, 0, 0]


def gain_db(signal, estimate):
    """Return the gain at every sample."""
    return 20 * np.log10(np.abs(estimate / signal))


@pytest.mark.parametrize("range_db", [10.0, 20.0, 60.0])
def test_rests_are_lowered_by_the_range_and_bursts_pass(range_db):
    """By no more, and bit for bit."""
    signal = track()

    gain = gain_db(signal, gated(signal, range_db=range_db))

    assert gain[round(0.1 * RATE) : round(0.2 * RATE)] == pytest.approx(-range_db, abs=0.01)
    assert (gain[round(0.3 * RATE) : round(0.8 * RATE)] == 0.0).all()


def test_it_opens_before_and_closes_after_in_the_times_that_are_given():
    """Attack ends by the look-ahead before the burst; hold, then release, in straight lines."""
    signal = track()
    times = {"attack_s": 0.010, "hold_s": 0.040, "release_s": 0.080, "look_ahead_s": 0.020}

    gain = gain_db(signal, gated(signal, **times))

    # The level is the mean of 10 ms about a moment: it rises 5 ms before, and falls 5 ms after.
    opening = np.flatnonzero(gain > -0.01)[0] / RATE
    rising = np.flatnonzero(gain > -19.99)[0] / RATE
    assert opening == pytest.approx(0.3 - 0.005 - 0.020, abs=0.003)
    assert opening - rising == pytest.approx(0.010, abs=0.003)
    rest = gain[round(0.8 * RATE) : round(1.2 * RATE)]
    falling, closed = np.flatnonzero(rest < -0.01)[0], np.flatnonzero(rest < -19.99)[0]
    assert falling / RATE == pytest.approx(0.005 + 0.040, abs=0.004)
    assert (closed - falling) / RATE == pytest.approx(0.080, abs=0.003)
    middle = rest[(falling + closed) // 2]
    assert middle == pytest.approx(-10.0, abs=0.3)


def test_between_its_thresholds_it_stays_as_it_was():
    """Hysteresis: a tail that wavers does not chatter."""
    levels = np.repeat([-50.0, -10.0, -32.0, -50.0, -32.0, -50.0, -10.0], 400)
    threshold_db, _ = otsu(levels)
    assert -32 < threshold_db < -10
    wide = threshold_db + 33

    gain = Gate(hysteresis_db=wide, hold_s=0.0).gain_db(levels, 0.001)

    assert gain[1000] == 0.0  # falls to -32 dB while open
    assert gain[1800] == -20.0  # rises to -32 dB while closed


def test_a_track_that_never_rests_stays_open():
    """One kind of level is no reason to close; neither is a bleed that is nearly as loud."""
    steady = (0.1 * generator(0, "gate", "steady").normals(RATE)).astype(np.float32)

    for signal in (steady, track(bleed_db=-10.0)):
        np.testing.assert_array_equal(gated(signal), signal)


def test_the_level_is_a_mean_over_ten_milliseconds():
    """Of a square wave of one half, -6 dB everywhere but at the ends."""
    wave = np.full(4_800, 0.5, np.float32)
    wave[1::2] *= -1

    levels = levels_db(wave, RATE)

    assert levels.shape == (100,)
    assert levels[5:-5] == pytest.approx(20 * np.log10(0.5))


def test_each_track_has_a_threshold_of_its_own():
    """A quiet track beside a loud one is gated as alone."""
    signal = track()
    both = np.stack([signal, signal[::-1] / 100])[None, :, None]

    estimates = load_denoiser("gate")(both, RATE, num_targets=2)[0, :, 0]

    np.testing.assert_array_equal(estimates[0], gated(signal))
    np.testing.assert_allclose(estimates[1], gated(both[0, 1, 0]), atol=1e-7)
