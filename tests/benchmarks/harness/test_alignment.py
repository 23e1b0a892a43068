"""What is late, quieter or upside down is measured, under noise too."""

import numpy as np
import pytest

from benchmarks.harness.alignment import Alignment
from mn_dataset.seeds import generator


def noise(name, size=20_000):
    return generator(0, "test alignment", name).normals(size)


def moved(signal, lag):
    """Return the lower four fifths of a signal's band, late by any fraction of a sample."""
    spectrum = np.fft.rfft(signal)
    spectrum[int(0.8 * len(spectrum)) :] = 0
    ramp = np.exp(-2j * np.pi * np.fft.rfftfreq(len(signal)) * lag)
    return np.fft.irfft(spectrum * ramp, len(signal))


@pytest.mark.parametrize("lag", [-3.27, 0.0, 0.01, 0.5, 110.25])
@pytest.mark.parametrize("gain", [0.5, 1.0, -2.0])
def test_lag_and_gain_are_found_to_hundredths(lag, gain):
    """Of noise in four fifths of the band, moved by a ramp of the phase."""
    clean = moved(noise("clean"), 0.0)

    found = Alignment(clean[np.newaxis]).of(gain * moved(clean, lag)[np.newaxis])

    assert found.lag == pytest.approx(lag, abs=0.01)
    # Between two samples the correlation's peak is a little lower than its top.
    assert found.gain == pytest.approx(gain, rel=0.25 if lag % 1 else 0.01)


def test_noise_that_is_left_moves_neither():
    """At 3 dB, as far as its own correlation with the music allows."""
    clean = noise("clean", 100_000)

    found = Alignment(clean[np.newaxis]).of((clean + 0.7 * noise("left", 100_000))[np.newaxis])

    assert found.lag == pytest.approx(0.0, abs=0.02)
    assert found.gain == pytest.approx(1.0, abs=0.01)


def test_what_is_another_signal_has_no_lag():
    """And silence has no gain."""
    alignment = Alignment(noise("clean")[np.newaxis])

    assert alignment.of(noise("other")[np.newaxis]).lag is None
    assert alignment.of(np.zeros((1, 20_000))).gain == 0.0


def test_a_long_signal_is_looked_at_where_it_is_loudest():
    """Music that begins after four silent seconds."""
    clean = np.concatenate([np.zeros(180_000), noise("late", 140_000)])

    assert Alignment(clean[np.newaxis]).of(np.roll(clean, 7)[np.newaxis]).lag == pytest.approx(
        7.0, abs=0.02
    )
