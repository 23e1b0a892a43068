from __future__ import annotations

import numpy as np
import pytest

from mn_dataset.mix.augment.reverb import response, reverberate

RATE = 44_100


def room(**changes):
    asked = {"rt60_s": 0.6, "direct_to_reverberant_db": 6.0, "damping_hz": 6_000.0, "seed": 5}
    return response(**asked | changes, sampling_rate=RATE)


@pytest.mark.parametrize("rt60_s", [0.2, 0.6, 1.5])
def test_the_tail_decays_as_asked(rt60_s):
    """Schroeder's backward integral (1965) falls by 60 dB in rt60_s, from −5 to −25 dB."""
    tail = room(rt60_s=rt60_s)[1:].astype(np.float64)
    decay_db = 10 * np.log10(np.cumsum(np.square(tail)[::-1])[::-1] / np.square(tail).sum())
    between = np.flatnonzero((decay_db < -5) & (decay_db > -25))
    slope = np.polyfit(between / RATE, decay_db[between], 1)[0]

    # One noise of 0.2 s estimates its own decay within a few percent.
    assert -60 / slope == pytest.approx(rt60_s, rel=0.08)


@pytest.mark.parametrize("asked_db", [-3.0, 6.0, 15.0])
def test_the_direct_sound_stands_above_the_tail_as_asked(asked_db):
    """The direct sound is one, at time zero."""
    made = room(direct_to_reverberant_db=asked_db)

    assert made[0] == 1
    found_db = -10 * np.log10(np.square(made[1:], dtype=np.float64).sum())
    assert found_db == pytest.approx(asked_db, abs=1e-4)  # float32 of 26 460 samples


def test_damping_takes_the_treble_from_the_tail():
    """A tail damped at 1 kHz has far less above 8 kHz than one damped at 10 kHz."""
    treble = []
    for damping_hz in (1_000.0, 10_000.0):
        spectrum = np.square(np.abs(np.fft.rfft(room(damping_hz=damping_hz)[1:])))
        first = round(8_000 / RATE * (2 * (len(spectrum) - 1)))
        treble.append(spectrum[first:].sum() / spectrum.sum())

    assert treble[0] < 0.25 * treble[1]


def test_a_seed_is_a_room():
    """The same seed is the same room, another one another."""
    assert np.array_equal(room(), room())
    assert not np.array_equal(room(), room(seed=6))


def test_a_click_sounds_as_the_room():
    """Convolution, in time with the click, and of its own length."""
    click = np.zeros(30_000, np.float32)
    click[1_000] = 1
    made = room()
    wet = reverberate(click, made)

    assert wet.dtype == np.float32
    assert wet.shape == click.shape
    # FFTs of float32 leave 1e-7 of the largest sample.
    assert np.allclose(wet[1_000:][: len(made)], made, atol=1e-6)
    assert np.allclose(wet[:1_000], 0, atol=1e-6)
