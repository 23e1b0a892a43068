"""Robust PCA takes a matrix apart that was put together of a low rank and a sparse one."""

import numpy as np
import pytest
from numpy.linalg import svd

from benchmarks.classical.rpca import Rpca, robust_pca, shrunk_rank
from mn_dataset.seeds import generator

RATE = 44_100


def normals(name, *shape):
    return generator(0, "rpca", name).normals(int(np.prod(shape))).reshape(shape)


def put_together(rows=120, columns=200, rank=3):
    """Return a low rank matrix, and one whose entries are zero but for one in twenty."""
    low_rank = normals("left", rows, rank) @ normals("right", rank, columns)
    sparse = 10 * normals("sparse", rows, columns)
    sparse[np.abs(normals("where", rows, columns)) < 1.96] = 0
    return low_rank.astype(np.float32), sparse.astype(np.float32)


@pytest.mark.parametrize("turned", [False, True])
def test_both_parts_are_found(turned):
    """Candès, Li, Ma and Wright 2011: exactly, up to where it ends."""
    parts = put_together()
    low_rank, sparse = [part.T if turned else part for part in parts]

    found = robust_pca(low_rank + sparse, tolerance=1e-6)

    for part, truth in zip(found, (low_rank, sparse), strict=True):
        assert np.linalg.norm(part - truth) < 1e-3 * np.linalg.norm(truth)
    assert np.linalg.matrix_rank(found[0], tol=1e-2) == 3


@pytest.mark.parametrize("shape", [(90, 40), (40, 90), (50, 50), (1, 7)])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 2.0])
def test_the_truncated_decomposition_equals_the_full_one(shape, share):
    """Whatever share of the largest singular value the threshold is."""
    matrix = normals("any", *shape).astype(np.float32)
    left, values, right = svd(matrix.astype(np.float64), full_matrices=False)
    threshold = share * values[0]

    shrunk = shrunk_rank(matrix, threshold)

    expected = (left * np.maximum(values - threshold, 0)) @ right
    np.testing.assert_allclose(shrunk, expected, atol=2e-5 * values[0])


def test_silence_has_neither_part():
    """And nothing is divided by its norm."""
    for part in robust_pca(np.zeros((4, 6), np.float32)):
        assert not part.any()


@pytest.mark.parametrize("gain", [None, 1.0])
def test_a_voice_over_a_loop_is_nearer_than_the_mixture(gain, song):
    """By the soft and by the paper's binary mask, 3 dB and more."""
    song = song[..., : 2 * RATE]
    mixture = song.sum(axis=1)

    voice = Rpca(gain=gain)(mixture, RATE)[:, 0]

    def error(estimate):
        return np.square(estimate - song[:, 0], dtype=float).sum()

    assert error(voice) < error(mixture) / 2
