from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from mn_dataset.seeds import generator

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")
from benchmarks.metrics.batched.sdr import project  # noqa: E402

COUNT = 1500


def _exact(estimate: np.ndarray, references: np.ndarray) -> list[float]:
    """Return |P·y|² by QR of the delayed signals, whose condition is the root of the system's."""
    delayed = [linalg.convolution_matrix(signal, 512) for signal in references]
    triangle = np.linalg.qr(np.column_stack([*delayed, np.r_[estimate, np.zeros(511)]]), mode="r")
    shares = np.square(triangle[:-1, -1])
    return [float(shares[:512].sum()), float(shares.sum())]


def test_the_energy_is_within_its_doubt_of_the_exact_one(adversarial, device):
    """However hard the pair; where there is no answer there is no doubt either, but NaN."""
    reference, estimate = (signal[30_000 : 30_000 + COUNT] for signal in adversarial)
    noise = generator(0, "test", "batched noise").normals(COUNT) * reference.std()
    references = np.stack([reference, noise])
    exact = _exact(estimate, references)

    found = project(
        torch.from_numpy(estimate)[None].to(device), torch.from_numpy(references)[None].to(device)
    )

    for projected, expected in zip(found, exact, strict=True):
        doubt = float(projected.doubt)
        assert np.isnan(doubt) or abs(float(projected.energy) - expected) <= doubt


def test_the_doubt_of_music_is_small(music, noisy, device):
    """Of one part in 10^11 at most: nothing of ordinary music has to be asked again."""
    estimate, reference = torch.from_numpy(noisy).to(device), torch.from_numpy(music).to(device)

    (found,) = project(estimate[None], reference[None, None])

    assert float(found.doubt / found.energy) < 1e-11


def test_one_that_has_no_answer_does_not_touch_its_neighbours(music, noisy, device):
    """Silence, NaN and a system that is singular stand beside music."""
    references = np.stack([music, 0 * music, np.full_like(music, np.nan), music])
    references[1, 0] = 1e-200  # its square is nothing
    estimates = np.stack([noisy] * 4)
    batch = [torch.from_numpy(estimates).to(device), torch.from_numpy(references).to(device)]

    (found,) = project(batch[0], batch[1][:, None])

    assert found.doubt.isnan().tolist() == [False, True, True, False]
    assert float(found.energy[0]) == pytest.approx(float(found.energy[3]), rel=1e-12)
