"""What is synthesised has the spectrum, the decay and the level that is asked for."""

import numpy as np
import pytest

from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.synthetic import synthesis

SECOND = SAMPLING_RATE


def draw():
    return generator(0, "synthesis")


def power(sound, low_hz, high_hz):
    spectrum = np.abs(np.fft.rfft(sound)) ** 2
    f = np.fft.rfftfreq(len(sound), 1 / SAMPLING_RATE)
    return spectrum[(low_hz <= f) & (f < high_hz)].sum()


def test_modes_are_decaying_sines():
    """Blocks of powers give what one exponential per mode and sample gives, to rounding."""
    frequency_hz, decay_s = np.array([220.0, 1234.5]), np.array([0.3, 0.05])
    amplitude = np.array([1.0, 0.4])
    t = np.arange(50_000)[:, np.newaxis] / SAMPLING_RATE
    expected = amplitude * np.exp(-t / decay_s) * np.sin(2 * np.pi * frequency_hz * t)

    sound = synthesis.ring(frequency_hz, decay_s, amplitude=amplitude, num_samples=50_000)

    # Powers of a pole lose a bit or two for each of the 220 blocks.
    np.testing.assert_allclose(sound, expected.sum(axis=1), atol=1e-10)


def test_a_cycle_that_is_turned_has_its_harmonics_and_no_others():
    """Of five harmonics of 441 Hz nothing lies beside them, nor above."""
    wave = synthesis.cycle(np.array([1.0, 0.5, 0.3, 0.2, 0.1]))
    sound = synthesis.turn(wave, synthesis.phase(np.full(SECOND, 441.0)))
    spectrum = np.abs(np.fft.rfft(sound)) / (SECOND / 2)

    np.testing.assert_allclose(spectrum[441:2206:441], [1.0, 0.5, 0.3, 0.2, 0.1], atol=1e-3)
    spectrum[441:2206:441] = 0.0
    assert spectrum.max() < 1e-3  # interpolating 2048 points linearly


def test_a_sampled_cycle_is_freed_of_what_would_fold_back():
    """Of a square wave, the first and the third harmonic are left; the end is the beginning."""
    square = np.sign(np.sin(2 * np.pi * (np.arange(2048) + 0.5) / 2048))
    limited = synthesis.band_limited(square, highest=3)

    assert limited[0] == limited[-1]
    assert np.abs(np.fft.rfft(limited[:-1])[4:]).max() < 1e-9
    assert np.abs(np.fft.rfft(limited[:-1])[[1, 3]]) == pytest.approx(
        2048 * 2 / np.pi / np.array([1, 3]), rel=1e-3
    )


@pytest.mark.parametrize(("low_hz", "high_hz"), [(0.0, 500.0), (500.0, 2000.0), (2000.0, 22_050.0)])
def test_a_band_keeps_its_inside(low_hz, high_hz):
    """Two octaves outside, 12 dB per octave have taken away nearly everything."""
    noise = synthesis.white(draw(), 4 * SECOND)
    kept = synthesis.band(noise, low_hz, high_hz)
    inside = power(kept, low_hz * 1.5, high_hz / 1.5) / power(noise, low_hz * 1.5, high_hz / 1.5)

    assert inside > 0.6
    if high_hz < 20_000.0:
        assert power(kept, 4 * high_hz, 22_050) < 0.01 * power(noise, 4 * high_hz, 22_050)
    if low_hz:
        assert power(kept, 1, low_hz / 4) < 0.01 * power(noise, 1, low_hz / 4)


def test_what_hangs_over_the_end_of_a_track_is_cut():
    """And what begins after it is left out."""
    track = np.zeros(SECOND)
    synthesis.mix_in(track, np.ones(100), start_s=1.0 - 10 / SECOND)
    synthesis.mix_in(track, np.ones(100), start_s=2.0)

    assert track.sum() == 10.0


def test_stems_are_mastered_with_one_gain():
    """Their integer sum, or the loudest of them, peaks at -3 dBFS; their balance stays."""
    t = np.arange(SECOND) / SECOND
    stems = {"a": np.sin(2 * np.pi * 440 * t), "b": 0.25 * np.sin(2 * np.pi * 1000 * t)}
    mastered = synthesis.master(stems)
    total = sum(samples.astype(np.int64) for samples in mastered.values())

    assert np.abs(total).max() == pytest.approx(32_767 * 10 ** (-3 / 20), abs=2)  # a rounding each
    assert mastered["a"].std() / mastered["b"].std() == pytest.approx(4.0, rel=0.01)
    assert [int(samples[0]) for samples in mastered.values()] == [0, 0]  # faded


def test_a_room_is_of_all_stems_and_keeps_the_direct_sound():
    """The first sample is the impulse itself, the reverberation is fainter and falls."""
    impulse = np.zeros(SECOND)
    impulse[0] = 1.0
    wet = synthesis.reverberate({"a": impulse, "b": impulse}, draw())
    tail = wet["a"][1:]

    np.testing.assert_array_equal(wet["a"], wet["b"])
    assert wet["a"][0] == pytest.approx(1.0)
    assert 0.2 <= np.sqrt(np.sum(tail**2)) <= 0.35
    assert tail[5000:].std() < 0.5 * tail[:5000].std()
