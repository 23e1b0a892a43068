"""The recommended debleeder helps where it bleeds, and leaves alone what is clean."""

import numpy as np
import pytest

from benchmarks.classical.bleed_wiener import BleedWiener
from benchmarks.classical.kamir import Kamir
from mn_dataset.errors import InputError
from mn_dataset.seeds import generator

RATE = 16_000


def mixed_by(gains_db, sources):
    """Return what microphones hear at levels (microphone, source) in dB."""
    gains = 10 ** (np.asarray(gains_db) / 20)
    return np.einsum("ij,bjct->bict", gains, sources).astype(np.float32)


def room(sources, gains_db, *, seed=0):
    """Return what microphones hear through decaying paths, each with a delay of its own."""
    stream = generator(seed, "room")
    tracks = sources.copy()
    length = sources.shape[-1]
    for i, j in np.argwhere(~np.eye(len(gains_db), dtype=bool)):
        path = stream.normals(800) * np.exp(-np.arange(800) / 100)
        late = np.pad(path / np.linalg.norm(path), (int(stream.uniform(20, 200)), 0))
        heard = np.stack([np.convolve(item, late)[:length] for item in sources[:, j, 0]])
        tracks[:, i, 0] += 10 ** (gains_db[i][j] / 20) * heard
    return tracks.astype(np.float32)


def test_microphones_that_hear_nothing_else_return_as_they_came(sources):
    np.testing.assert_array_equal(BleedWiener()(sources, RATE), sources)


@pytest.mark.parametrize("seed", range(3))
def test_random_mixtures_gain_more_than_by_weights_alone(sources, mixed, si_sdr_db, seed):
    """Without delays one microphone can be subtracted from another."""
    images, tracks = mixed(sources, seed)

    ours, kamir = (
        (si_sdr_db(system(tracks, RATE), images) - si_sdr_db(tracks, images)).mean()
        for system in (BleedWiener(), Kamir())
    )

    assert ours > 4
    assert ours > kamir


def test_the_worst_microphone_gains_and_clean_ones_lose_nothing(sources, si_sdr_db):
    """Through paths with delays and echoes, of which one is loud."""
    gains_db = [[0, -40, -40], [-40, 0, -40], [-8, -6, 0]]
    tracks = room(sources, gains_db)

    gain = si_sdr_db(BleedWiener()(tracks, RATE), sources) - si_sdr_db(tracks, sources)

    before = si_sdr_db(tracks, sources)[0, :, 0]
    assert before[:2].min() > 20
    assert gain[0, :2].min() > -0.5
    assert gain[0, 2] > 3


def test_the_gain_of_a_microphone_changes_nothing_but_its_level(sources, mixed):
    _, tracks = mixed(sources)
    gains = np.array([4, 0.25, 1], np.float32).reshape(1, 3, 1, 1)

    scaled = BleedWiener()(gains * tracks, RATE)

    np.testing.assert_allclose(scaled / gains, BleedWiener()(tracks, RATE), atol=1e-4)


def test_silence_stays_silence(sources, mixed):
    """All of it, and that of one microphone beside others."""
    _, tracks = mixed(sources)
    tracks = tracks.copy()
    tracks[:, 1] = 0

    estimate = BleedWiener()(tracks, RATE)

    assert np.isfinite(estimate).all()
    assert not estimate[:, 1].any()
    assert not BleedWiener()(np.zeros_like(tracks), RATE).any()


def test_one_microphone_returns_as_it_came(sources):
    np.testing.assert_array_equal(BleedWiener()(sources[:, :1], RATE), sources[:, :1])


@pytest.mark.parametrize("length", [1, 2, 500, 3001])
def test_short_clips_have_an_answer(sources, length):
    estimate = BleedWiener()(sources[..., :length], RATE)

    assert estimate.shape == sources[..., :length].shape
    assert np.isfinite(estimate).all()


def test_two_microphones_that_hear_the_same_are_answered(sources):
    """No matrix is singular."""
    estimate = BleedWiener()(sources[:, [0, 0, 1]], RATE)

    assert np.isfinite(estimate).all()
    assert np.abs(estimate).max() <= 1.1 * np.abs(sources).max()


def test_two_microphones_of_one_source_are_cleaned_of_the_others_alone(sources, mixed, si_sdr_db):
    images, tracks = mixed(sources)
    system = BleedWiener()
    system.assign([0, 0, 1, 2])
    doubled = [0, 0, 1, 2]

    estimate = system(tracks[:, doubled], RATE)

    gain = si_sdr_db(estimate, images[:, doubled]) - si_sdr_db(tracks, images)[:, doubled]
    assert gain.min() > 4


def test_sixty_four_microphones_have_an_answer():
    tracks = generator(0, "many").normals(64 * 4000).reshape(1, 64, 1, 4000).astype(np.float32)

    assert np.isfinite(BleedWiener()(tracks, RATE)).all()


def test_other_sources_than_microphones_are_refused(sources):
    system = BleedWiener()

    with pytest.raises(InputError, match="a microphone of its own"):
        system.assign([1])
    system.assign([0, 1])
    with pytest.raises(InputError, match="there are 3 microphones; expected 2"):
        system(sources, RATE)
