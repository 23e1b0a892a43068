from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter

from mn_dataset import seeds
from mn_dataset.audio import codec

RUNGS = [(name, rung) for name, ladder in codec.LADDERS.items() for rung in ladder]

pytestmark = pytest.mark.skipif(
    set(codec.encoders()) != set(codec.LADDERS), reason="this libsndfile cannot write MP3 and Ogg"
)


@pytest.fixture(scope="module")
def sound():
    """One second of noise that falls with frequency, as music does."""
    noise = lfilter([1.0], [1.0, -0.95], seeds.generator(0, "codec test").normals(44_100))
    return (0.2 * noise / np.abs(noise).max()).astype(np.float32)


@pytest.mark.parametrize(("name", "rung"), RUNGS)
def test_every_bitrate_keeps_length_and_time(sound, name, rung):
    """What comes back is as long as what went in, at lag zero, and nearly the same sound."""
    done = codec.round_trip(sound, name, bitrate_kbps=rung, sampling_rate=44_100)
    lags = [np.dot(done[100:-100], np.roll(sound, lag)[100:-100]) for lag in range(-50, 51)]

    assert done.shape == sound.shape
    assert done.dtype == np.float32
    assert np.argmax(lags) == 50
    assert np.corrcoef(done, sound)[0, 1] > 0.95  # the lowest rung of either gives 0.97


@pytest.mark.parametrize("name", codec.LADDERS)
def test_more_bits_leave_less_error(sound, name):
    """The bitrate is meant: the highest rung is at least 10 dB nearer than the lowest."""
    ladder = codec.LADDERS[name]
    errors = [
        np.square(codec.round_trip(sound, name, bitrate_kbps=k, sampling_rate=44_100) - sound).sum()
        for k in (ladder[0], ladder[-1])
    ]

    assert errors[0] > 10 * errors[1]


@pytest.mark.parametrize("name", codec.LADDERS)
def test_samples_over_full_scale_are_not_clipped(sound, name):
    """A layer of four times full scale comes back as loud as it was."""
    loud = sound * np.float32(4 / np.abs(sound).max())
    done = codec.round_trip(loud, name, bitrate_kbps=160, sampling_rate=44_100)

    assert np.abs(done).max() > 3.5
    assert np.corrcoef(done, loud)[0, 1] > 0.99


@pytest.mark.parametrize("count", [1, 100, 40_000])
@pytest.mark.parametrize("name", codec.LADDERS)
def test_any_length_comes_back(name, count):
    """Less than one frame of the codec, and more than one block of ours."""
    silence = np.zeros(count, np.float32)

    assert len(codec.round_trip(silence, name, bitrate_kbps=160, sampling_rate=44_100)) == count
