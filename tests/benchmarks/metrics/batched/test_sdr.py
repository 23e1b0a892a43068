from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from benchmarks.metrics.correlation import LAGS, analyse
from benchmarks.metrics.correlation import correlate as correlate_one
from mn_dataset.seeds import generator

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")
from benchmarks.metrics.batched.sdr import AT_ONCE, WINDOW, correlate, project  # noqa: E402

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


def _signals(name: str, channels: int, length: int) -> np.ndarray:
    return generator(0, "test batched", name).normals(2 * channels * length).reshape(2, -1, length)


@pytest.mark.parametrize("length", [1, 300, 513, 7681, 7682, 8192, 20_000])
def test_the_lags_are_those_of_the_sums_written_out(length, device):
    """Of every left with every right of the same item; blocks and windows leave no trace."""
    left, right = _signals("left", 2, length), _signals("right", 3, length) + 0.5

    lags = correlate(torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)).cpu()

    assert lags.shape == (2, 2, 3, LAGS)
    for lag in {0, 1, min(LAGS, length) - 1}:
        ahead = right[:, np.newaxis, :, lag:]
        expected = (left[:, :, np.newaxis, : length - lag] * ahead).sum(-1)
        # sums of `length` products of order one, each rounded at 1e-16
        assert np.abs(lags[..., lag].numpy() - expected).max() < 1e-13 * max(length, 100)


def test_what_is_transformed_in_steps_is_that_of_one_signal_at_a_time(device):
    """Longer than one step of windows."""
    length = AT_ONCE * WINDOW + 1000
    left, right = _signals("long left", 1, length), _signals("long right", 1, length)

    lags = correlate(torch.from_numpy(left).to(device), torch.from_numpy(right).to(device)).cpu()

    for item in range(2):
        expected = correlate_one(analyse(left[item, 0]), right[item, 0])
        assert np.abs(lags[item, 0, 0].numpy() - expected).max() < 1e-13 * length
