"""The matrix of instantaneous bleed is recovered from the microphones alone."""

import time

import numpy as np
import pytest

from benchmarks.classical.least_squares_blind import local_covariances, mixing_matrix
from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator

RATE = 44_100


def bleeding(count):
    matrix = 0.05 + 0.45 * generator(0, "blind", str(count)).uniforms(count**2)
    matrix = matrix.reshape(count, count)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def batch_of(signals):
    return np.ascontiguousarray(signals[np.newaxis, :, np.newaxis], np.float32)


def answer(microphones):
    """Return the estimates of (tracks, time), and the matrix."""
    debleeder = load_denoiser("least_squares_blind")
    estimates = debleeder(batch_of(microphones), RATE, num_targets=len(microphones))
    return estimates[0, :, 0].astype(np.float64), debleeder.denoiser.matrix[0]


def snr_db(truth, estimate):
    return 10 * np.log10((truth**2).sum(axis=-1) / ((truth - estimate) ** 2).sum(axis=-1))


@pytest.mark.parametrize("count", [2, 3, 4])
def test_the_matrix_is_recovered(players, count):
    """To a hundredth and less, and with it 30 dB and more of every source."""
    matrix = bleeding(count)

    estimates, found = answer(matrix @ players[:count])

    np.testing.assert_allclose(found, matrix, atol=0.01)
    assert (snr_db(players[:count], estimates) > 30).all()


def test_the_matrix_of_twelve_microphones_is_recovered(players):
    """A search that starts from no bleed at all ends in another minimum, further than that."""
    draws = generator(0, "blind", "twelve")
    tracks = [np.roll(track, draws.integer(track.size)) for track in np.tile(players, (3, 1))]
    sources = np.stack(tracks)
    matrix = bleeding(12) / 2 + np.eye(12) / 2
    heard = matrix @ sources

    estimates, found = answer(heard)

    assert np.linalg.norm(found - matrix) < 0.2 * np.linalg.norm(matrix - np.eye(12))
    assert (snr_db(sources, estimates) > snr_db(sources, heard) + 10).all()


def test_without_bleed_nothing_is_removed(players):
    """No harm is done to tracks that are clean."""
    estimates, found = answer(players)

    np.testing.assert_allclose(found, np.eye(4), atol=0.02)
    assert (snr_db(players, estimates) > 30).all()


def test_a_silent_track_takes_nothing_and_gives_nothing(players):
    """The others are as they are without it."""
    matrix = bleeding(4)
    matrix[:, 2] = matrix[2] = 0
    matrix[2, 2] = 1
    sources = players.copy()
    sources[2] = 0

    estimates, found = answer(matrix @ sources)

    assert not estimates[2].any()
    np.testing.assert_allclose(found, matrix, atol=0.01)


def test_the_cost_falls_where_the_slope_says():
    """What the bounded minimum is: no small step within the bounds is better."""
    draws = generator(0, "blind", "slope")
    parts = draws.normals(30 * 3 * 5).reshape(30, 3, 5)
    covariances = parts @ parts.swapaxes(1, 2)
    covariances /= np.trace(covariances, axis1=1, axis2=2)[:, np.newaxis, np.newaxis]
    counts = 1 + draws.uniforms(30)

    def cost(matrix):
        weights = np.linalg.inv(matrix)
        powers = np.einsum("sm,bmn,sn->bs", weights, covariances + 1e-6 / 3 * np.eye(3), weights)
        return counts / counts.sum() @ np.log(powers).sum(axis=1) + 2 * np.log(
            abs(np.linalg.det(matrix))
        )

    matrix = mixing_matrix(covariances, counts, highest=0.4)

    least = cost(matrix)
    for place in np.argwhere(~np.eye(3, dtype=bool)):
        for step in (-0.01, 0.01):
            moved = matrix.copy()
            moved[*place] = np.clip(moved[*place] + step, 0.0, 0.4)
            assert cost(moved) >= least - 1e-9


def test_delays_are_not_instantaneous(players):
    """Five milliseconds late, the bleed that it undoes at once is what it cannot undo."""
    matrix = bleeding(3)
    late = np.roll(players[:3], 220, axis=1)

    prompt, _ = answer(matrix @ players[:3])
    delayed, _ = answer(players[:3] + (matrix - np.eye(3)) @ late)

    assert snr_db(players[:3], delayed).mean() < snr_db(players[:3], prompt).mean() - 20
    assert load_denoiser("least_squares_blind").spec.assumes == "instantaneous mixing"


def test_a_long_song_costs_no_more_memory(players):
    """Times are left out, evenly, and each is whole."""
    long = np.tile(players, (1, 8)).astype(np.float32)

    covariances, counts = local_covariances(np.tile(long, (4, 1)), RATE)

    assert covariances.size <= 1 << 22
    assert len(counts) == len(covariances)


@pytest.mark.parametrize("count", [16, pytest.param(64, marks=pytest.mark.stress)])
def test_many_tracks_are_quick(players, count):
    """Sixty-four in less than a minute, whatever their length; it is 20 s on one core."""
    microphones = bleeding(4) @ players
    draws = generator(0, "blind", "many")
    many = np.stack([np.roll(microphones[n % 4], draws.integer(170_000)) for n in range(count)])

    started = time.monotonic()
    estimates, _ = answer(many)

    assert np.isfinite(estimates).all()
    assert time.monotonic() - started < 60
