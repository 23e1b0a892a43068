"""Matrices of gains can always be undone, and those of linear mixing are found."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers.mixing_matrix import (  # noqa: E402 - they need torch here
    SHARE,
    audible,
    bounded,
    fitted,
    inverse,
)
from mn_dataset.tasks.paths import matrix_of  # noqa: E402

SIZES = [1, 2, 3, 4, 8, 16, 64]


def drawn(*size, seed=0):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


def smallest(matrices):
    """Return the smallest singular value, by LAPACK through numpy."""
    return float(np.linalg.svd(matrices.numpy(), compute_uv=False).min())


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scale", [0.0, 1.0, 10.0, 1e3, 1e30])
def test_no_outputs_make_a_matrix_that_cannot_be_undone(size, scale):
    """Of any scale, where sigmoids are all 0 or 1: the worst of bipartite bleed among them."""
    outputs = scale * drawn(50, size * size)
    side = torch.arange(size) % 2
    outputs[0] = scale * (2.0 * (side[:, None] != side) - 1).flatten()
    outputs[1], outputs[2] = scale, -scale

    matrices = bounded(outputs)

    assert torch.equal(matrices.diagonal(dim1=1, dim2=2), torch.ones(50, size))
    assert float(matrices.min()) >= 0
    assert smallest(matrices) > 1 - SHARE - 1e-5  # float32
    assert inverse(matrices).isfinite().all()


def test_the_bound_is_met_by_two_microphones():
    """The gains that would be singular, [[1, 1], [1, 1]], come to 0.9."""
    matrices = bounded(torch.tensor([[-99.0, 99.0, 99.0, -99.0]]))

    torch.testing.assert_close(matrices, torch.tensor([[[1.0, 0.9], [0.9, 1.0]]]))


@pytest.mark.parametrize("stems", [2, 3, 4, 8])
def test_gains_of_drawn_bleed_are_within_reach(stems):
    """Outputs that stand for a drawn matrix give that matrix, each column by its own gain."""
    gains = torch.tensor([matrix_of(f"song {n}", stems, seed=0) for n in range(20)])
    own = torch.eye(stems).bool()
    shares = torch.where(own, 2 * gains - 1, 2 * gains).clamp(1e-6, 1 - 1e-6)

    matrices = bounded(shares.logit().flatten(1))

    expected = gains / gains.diagonal(dim1=1, dim2=2)[:, None, :]
    exact = (matrices - expected).abs().amax(dim=(1, 2)) < 1e-5
    assert exact.float().mean() > 0.9


@pytest.mark.parametrize("size", SIZES)
def test_an_inverse_is_that_of_lapack(size):
    matrices = bounded(3 * drawn(5, size * size)).double()

    np.testing.assert_allclose(
        inverse(matrices).numpy(), np.linalg.inv(matrices.numpy()), atol=1e-11
    )


@pytest.mark.parametrize("level", [1.0, 1e-4])
def test_the_matrix_of_linear_mixing_is_recovered(level):
    """A = X pinv(S)."""
    sources = level * drawn(3, 4, 2000)
    gains = bounded(drawn(3, 16, seed=1))

    matrices = fitted(gains @ sources, sources)

    torch.testing.assert_close(matrices, gains.double(), atol=1e-5, rtol=0)


def test_a_silent_source_has_no_gains():
    sources = drawn(1, 3, 500)
    sources[:, 1] = 0
    gains = bounded(drawn(1, 9, seed=1))

    matrix = fitted(gains @ sources, sources)[0]

    torch.testing.assert_close(matrix[:, 1], torch.eye(3).double()[1], atol=1e-6, rtol=0)
    torch.testing.assert_close(matrix[:, 0], gains[0, :, 0].double(), atol=1e-5, rtol=0)
    assert audible(sources).tolist() == [[1, 0, 1]]
    assert not audible(torch.zeros(1, 3, 500)).any()
