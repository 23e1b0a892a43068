"""Instantaneous bleed is undone as far as the clean mixture tells of it."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.optimize import lsq_linear

from benchmarks.classical.least_squares import LeastSquares, bounded_rows, fit
from benchmarks.harness.apply import load_denoiser
from benchmarks.signal.gram import gram
from mn_dataset.seeds import generator

RATE = 44_100


def bleeding(count, name="bleed"):
    """Return a matrix with ones on its diagonal, and 0.05 to 0.5 beside."""
    matrix = 0.05 + 0.45 * generator(0, "least squares", name).uniforms(count**2)
    matrix = matrix.reshape(count, count)
    np.fill_diagonal(matrix, 1.0)
    return matrix


def sixteen_bits(signal):
    return np.rint(signal * 32_768) / 32_768


def batch_of(signals):
    return np.ascontiguousarray(signals[np.newaxis, :, np.newaxis], np.float32)


def answer(microphones, mixture, *, name="least_squares"):
    """Return the estimates of (tracks, time), and the denoiser."""
    debleeder = load_denoiser(name).denoiser
    batch = batch_of(microphones)
    side = {"mixture": np.broadcast_to(np.float32(mixture), batch.shape)}
    return debleeder(batch, RATE, side=side)[0, :, 0].astype(np.float64), debleeder


def snr_db(truth, estimate):
    return 10 * np.log10((truth**2).sum(axis=-1) / ((truth - estimate) ** 2).sum(axis=-1))


@pytest.mark.parametrize("count", [2, 3, 4])
@pytest.mark.parametrize("bleed", [0.1, 0.32])
def test_equal_bleed_in_sixteen_bits_is_undone(players, count, bleed):
    """Above 45 dB: at -20 and -10 dB everywhere, the closed form is where it starts."""
    sources = sixteen_bits(players[:count])
    matrix = np.full((count, count), bleed)
    np.fill_diagonal(matrix, 1.0)
    microphones = sixteen_bits(matrix @ sources)

    estimates, debleeder = answer(microphones, sources.sum(axis=0))

    closed = (microphones - bleed * sources.sum(axis=0)) / (1 - bleed)
    assert (snr_db(sources, estimates) > 45).all()
    assert (snr_db(closed, estimates) > 45).all()
    np.testing.assert_allclose(debleeder.matrix, matrix[np.newaxis], atol=1e-3)


def test_of_two_tracks_the_matrix_is_recovered(players):
    """Two unknowns, and the mixture gives two equations."""
    matrix, sources = bleeding(2), players[:2]

    estimates, debleeder = answer(matrix @ sources, sources.sum(axis=0))

    np.testing.assert_allclose(debleeder.matrix[0], matrix, atol=0.01)
    assert (snr_db(sources, estimates) > 35).all()


def test_of_four_tracks_it_gains_without_the_matrix(players):
    """Twelve unknowns, and four equations: the microphones are explained by another matrix."""
    matrix = bleeding(4)
    microphones = matrix @ players

    estimates, debleeder = answer(microphones, players.sum(axis=0))

    gain_db = snr_db(players, estimates) - snr_db(players, microphones)
    assert gain_db.mean() > 3
    assert np.abs(debleeder.matrix[0] - matrix).max() > 0.05
    assert np.abs(debleeder.matrix[0] @ estimates - microphones).max() < 1e-3


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_what_is_minimised_never_rises(players, name):
    """On signals that no matrix explains, too."""
    noise = generator(0, "least squares", name).normals(players.size).reshape(players.shape)
    microphones = bleeding(4, name) @ players + 0.01 * noise
    signals = np.concatenate([microphones, players.sum(axis=0, keepdims=True)])

    found = fit(gram(signals.astype(np.float32)))

    assert len(found.objective) > 3
    assert (np.diff(found.objective) <= 1e-15).all()


def test_a_step_is_the_bounded_optimum_of_each_row():
    """As scipy's finds it, on bounds and within; the clipped free solution is another one."""
    draws = generator(0, "least squares", "step")
    sources = draws.normals(5 * 40).reshape(5, 40)
    sources[1] += 0.8 * sources[0]
    microphones = (bleeding(5, "step") - 0.25) @ sources + draws.normals(5 * 40).reshape(5, 40)
    products, crossed = sources @ sources.T, microphones @ sources.T

    matrix = bounded_rows(products, crossed, np.eye(5), lowest=0.0, highest=0.3)

    root = np.real(sqrtm(products))
    for row in range(5):
        others = np.arange(5) != row
        right = np.linalg.solve(root, crossed[row] - products[row])
        expected = lsq_linear(root[:, others], right, (0.0, 0.3), tol=1e-12).x
        np.testing.assert_allclose(matrix[row, others], expected, atol=1e-5)
    clipped = np.clip(crossed @ np.linalg.inv(products), 0.0, 0.3)
    assert np.abs(clipped - matrix)[~np.eye(5, dtype=bool)].max() > 0.02
    assert {0.0, 0.3} < set(matrix.ravel().tolist())


def test_every_block_may_have_a_matrix_of_its_own(players):
    """Somebody moves after two seconds: two matrices explain what one cannot."""
    half = players.shape[1] // 2
    parts = [
        matrix @ players[:2, part]
        for matrix, part in (
            (bleeding(2, "first"), slice(0, half)),
            (bleeding(2, "second"), slice(half, None)),
        )
    ]
    microphones = np.concatenate(parts, axis=1)
    side = {"mixture": batch_of(np.tile(players[:2].sum(axis=0), (2, 1)))}

    whole, blocks = (
        LeastSquares(block_s=block_s)(batch_of(microphones), RATE, side=side)[0, :, 0]
        for block_s in (None, 2.0)
    )

    assert (snr_db(players[:2], blocks) > snr_db(players[:2], whole) + 6).all()


def test_delays_are_not_instantaneous(players):
    """Five milliseconds late, the bleed that it undoes at once is what it cannot undo."""
    matrix = bleeding(3)
    late = np.roll(players[:3], 220, axis=1)
    own, mixture = np.diag(np.diag(matrix)), players[:3].sum(axis=0)

    prompt, _ = answer(matrix @ players[:3], mixture)
    delayed, debleeder = answer(own @ players[:3] + (matrix - own) @ late, mixture)

    assert snr_db(players[:3], delayed).mean() < snr_db(players[:3], prompt).mean() - 6
    assert debleeder.spec.assumes == "instantaneous mixing"


def test_the_mixture_is_what_it_is_told():
    """So it ranks with the oracles."""
    spec = load_denoiser("least_squares").spec

    assert (spec.needs, spec.rank_group) == (frozenset({"mixture"}), "oracle")
