"""The library runs as shipped, and its absence is told with the cure."""

import sys

import numpy as np
import pytest

from benchmarks.external.noisereduce import NoiseReduce, NoiseReduceTuned
from mn_dataset.errors import MissingExtra
from mn_dataset.seeds import generator


def hiss(num_samples):
    return (0.1 * generator(0, "test", "hiss").normals(num_samples)).astype(np.float32)


def test_the_estimate_is_what_the_library_says():
    """Nothing is added to the library's own answer."""
    library = pytest.importorskip("noisereduce", reason="the extra 'baselines' is not installed")
    clip = hiss(20_000)

    estimate = NoiseReduce()(clip[np.newaxis, np.newaxis], 44_100)

    np.testing.assert_array_equal(estimate[0, 0], library.reduce_noise(y=clip, sr=44_100))


def test_silence_beside_sound_is_silence():
    """The library's 0 / 0 does not leave the adapter, nor touch the other clip."""
    pytest.importorskip("noisereduce", reason="the extra 'baselines' is not installed")
    batch = np.stack([np.zeros(5000, np.float32), hiss(5000)])[:, np.newaxis]

    estimate = NoiseReduce()(batch, 44_100)

    assert not estimate[0].any()
    assert estimate[1].any()
    assert np.isfinite(estimate).all()


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "noisereduce", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[baselines\]'"):
        NoiseReduce()(np.zeros((1, 1, 10), np.float32), 44_100)


RATE = 44_100


def test_more_of_the_melody_is_left(melody, hiss):
    """In level: what it is worth depends on the music. Silence stays silence."""
    pytest.importorskip("noisereduce", reason="the extra 'baselines' is not installed")

    tuned, shipped = (kind()(melody + hiss, RATE) for kind in (NoiseReduceTuned, NoiseReduce))

    assert np.vdot(tuned, melody) > 1.2 * np.vdot(shipped, melody)
    assert not NoiseReduceTuned()(np.zeros((1, 1, 5_000), np.float32), RATE).any()
