"""The row that listens to no session."""

import numpy as np

from benchmarks.harness.apply import load_denoiser
from mn_dataset.seeds import generator


def test_the_mean_of_the_simulation_is_undone():
    """Where bleed is just that, all of it; where there is none, it makes some."""
    sources = generator(0, "fixed matrix").normals(3 * 1000).reshape(1, 3, 1, 1000)
    matrix = np.full((3, 3), 0.23) + 0.77 * np.eye(3)
    heard = np.einsum("ms,bsct->bmct", matrix, sources).astype(np.float32)
    row = load_denoiser("fixed_matrix")

    np.testing.assert_allclose(row(heard, 44_100, num_targets=3), sources, atol=1e-5)
    clean = sources.astype(np.float32)
    assert np.abs(row(clean, 44_100, num_targets=3) - clean).max() > 0.1
