"""What comes again is taken for the accompaniment."""

import sys

import numpy as np
import pytest

from benchmarks.external.repet_sim import RepetSim, neighbours
from mn_dataset.errors import MissingExtra

RATE = 44_100


def test_neighbours_are_the_most_similar_frames_that_are_apart():
    """Of a loop of three frames, those of the same place; level does not matter."""
    level = np.arange(1, 13, dtype=np.float32)[:, np.newaxis]
    loop = level * np.tile(np.eye(3, 5, dtype=np.float32), (4, 1))

    found = neighbours(loop, apart=2, count=3).toarray()

    for frame in range(12):
        assert set(np.flatnonzero(found[:, frame])) == {(frame + 3 * n) % 12 for n in (1, 2, 3)}


def test_a_frame_s_neighbourhood_is_left_out():
    """Frames nearer than that are no neighbours, and a clip that is too short has none."""
    steady = np.ones((6, 4), np.float32)

    found = neighbours(steady, apart=4, count=20).toarray()

    pairs = {tuple(map(int, place)) for place in np.argwhere(found)}
    assert pairs == {(0, 4), (0, 5), (1, 5), (4, 0), (5, 0), (5, 1)}
    assert neighbours(steady, apart=6, count=20).nnz == 0


def test_a_voice_over_a_loop_is_nearer_than_the_mixture(song):
    """By 6 dB and more: the loop comes thirty times."""
    pytest.importorskip("librosa", reason="the extra 'baselines' is not installed")
    mixture = song.sum(axis=1)

    voice = RepetSim()(mixture, RATE)[:, 0]

    def error(estimate):
        return np.square(estimate - song[:, 0], dtype=float).sum()

    assert error(voice) < error(mixture) / 4


def test_what_is_too_short_to_repeat_is_accompaniment():
    """A second has no frames that are a second apart."""
    pytest.importorskip("librosa", reason="the extra 'baselines' is not installed")
    clip = np.sin(np.arange(RATE // 2, dtype=np.float32))[None, None]

    voice, accompaniment = RepetSim()(clip, RATE)[0]

    assert not voice.any()
    np.testing.assert_array_equal(accompaniment, clip[0])


def test_a_missing_library_is_told_with_the_command(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "librosa.decompose", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[baselines\]'"):
        RepetSim()(np.zeros((1, 1, 10), np.float32), RATE)
