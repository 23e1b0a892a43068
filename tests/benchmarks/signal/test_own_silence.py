"""What a microphone hears while its own source is silent is found without being told when."""

import numpy as np
import pytest

from benchmarks.signal.own_silence import FramePower, level_dbfs, own_silent
from mn_dataset.seeds import generator

RATE = 8_000
GAINS = np.array([[1, 0.1, 0.03], [0.3, 1, 0.1], [0.5, 0.2, 1]])
TURNS = np.array([[1, 0, 0, 1, 0], [0, 1, 0, 1, 0], [0, 0, 1, 0, 0]])  # who sounds in which second


def session(gains=GAINS, turns=TURNS):
    """Sources of -20 dBFS RMS that take turns of a second, as the microphones hear them."""
    draws = generator(0, "test", "silence").normals(turns.size * RATE).reshape(len(turns), -1)
    return (gains @ (0.1 * draws * np.repeat(turns, RATE, axis=-1))).astype(np.float32)


def frame_power(signal, block=777):
    frames = FramePower(len(signal), RATE)
    for first in range(0, signal.shape[-1], block):
        frames.add(signal[:, first : first + block])
    return frames.power()


def bleed_db(gains):
    return 20 * np.log10(gains / gains.diagonal())


def test_frames_are_those_in_which_others_alone_sound():
    """Not where the own source does, nor where nobody does."""
    power = frame_power(session())

    silent = own_silent(power, bleed_db(GAINS), [0, 1, 2], [0, 1, 2])

    expected = np.repeat((TURNS == 0) & TURNS.any(axis=0), 10, axis=-1)
    np.testing.assert_array_equal(silent, expected)


def test_the_level_is_that_of_the_others():
    """The mean over the seconds in which they sound, and what a removal of 20 dB leaves of it."""
    power = frame_power(session())
    silent = own_silent(power, bleed_db(GAINS), [0, 1, 2], [0, 1, 2])

    before, after = level_dbfs(power, silent), level_dbfs(power / 100, silent)

    heard = 10 * np.log10([(0.01 + 0.0009) / 2, (0.09 + 0.01) / 2, (0.25 + 0.04 + 0.29) / 3])
    np.testing.assert_allclose(before, heard - 20, atol=0.1)
    np.testing.assert_allclose(after, heard - 40, atol=0.1)


def test_two_microphones_of_one_source_are_not_others():
    """The second one is silent when the first is."""
    signal = session()
    twice = np.concatenate([signal, 0.5 * signal[:1]])
    matrix_db = np.concatenate([bleed_db(GAINS), bleed_db(GAINS)[:1]])

    silent = own_silent(frame_power(twice), matrix_db, [0, 1, 2, 0], [0, 1, 2])

    np.testing.assert_array_equal(silent[3], silent[0])


def test_what_is_never_alone_has_no_level():
    """All sound all the time; and less than a second is not enough."""
    power = frame_power(session(turns=np.ones((3, 5), int)))

    silent = own_silent(power, bleed_db(GAINS), [0, 1, 2], [0, 1, 2])

    assert not silent.any()
    assert np.isnan(level_dbfs(power, silent)).all()
    silent[:, :9] = True
    assert np.isnan(level_dbfs(power, silent)).all()
    silent[:, :10] = True
    assert np.isfinite(level_dbfs(power, silent)).all()


def test_a_silent_source_bleeds_nothing():
    """Its column is not known; its microphone hears others all the time."""
    power = frame_power(session(turns=TURNS * [[1], [1], [0]], gains=GAINS * [[1], [1], [1]]))
    matrix_db = bleed_db(GAINS)
    matrix_db[:, 2] = np.nan

    silent = own_silent(power, matrix_db, [0, 1, 2], [0, 1, 2])

    expected = np.repeat((TURNS[:2] == 0) & TURNS[:2].any(axis=0), 10, axis=-1)
    np.testing.assert_array_equal(silent[:2], expected)


@pytest.mark.parametrize("block", [1, 800, 12_345])
def test_frames_do_not_depend_on_blocks(block):
    """Whole frames alone count."""
    signal = session()[:, :4_399]

    power = frame_power(signal, block)

    assert power.shape == (3, 5)
    np.testing.assert_allclose(
        power, np.square(signal[:, :4000], dtype=float).reshape(3, 5, 800).mean(axis=-1)
    )


def test_digital_silence_is_told_as_the_faintest():
    """Nothing is infinite."""
    silent = np.ones((1, 20), bool)

    assert level_dbfs(np.zeros((1, 20)), silent).tolist() == [-120.0]
