"""The model of powers does what its equations say, one number at a time."""

import numpy as np
import pytest
import scipy.ndimage

from benchmarks.signal.interference import KERNELS, Model, close_microphones, equalisation
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.seeds import generator


def powers(bins=6, microphones=3, frames=12):
    """Return squared normals, (bins, microphones, frames)."""
    values = generator(0, "interference").normals(bins * microphones * frames)
    return np.square(values).reshape(bins, microphones, frames)


def by_the_equations(V, voices, *, iterations, floor, leakage, normalised, kernel):
    """Return the gains by loops over microphones, voices, frequencies: slow, and plain."""
    F, I, T = V.shape  # noqa: E741
    J, eps = max(voices) + 1, 1e-10
    close = [[i for i in range(I) if voices[i] == j] for j in range(J)]
    L = np.array([[[1.0 if voices[i] == j else floor for j in range(J)] for i in range(I)]] * F)
    P = np.stack([kernel(np.mean([V[:, i] for i in close[j]], axis=0)) for j in range(J)], 1)
    for _ in range(iterations):
        for j in range(J):
            fresh = np.zeros((F, T))
            for f in range(F):
                for i in close[j]:
                    M = sum(L[f, i, k] * P[f, k] for k in range(J)) + eps
                    W = L[f, i, j] * P[f, j] / M
                    fresh[f] += W**2 * V[f, i] / L[f, i, j] / len(close[j])
            P[:, j] = kernel(fresh)
        for f in range(F):
            for i in range(I):
                M = sum(L[f, i, k] * P[f, k] for k in range(J)) + eps
                for j in range(J):
                    L[f, i, j] *= (V[f, i] * P[f, j] / M**2).sum() / ((P[f, j] / M).sum() + eps)
                if normalised:
                    L[f, i] /= L[f, i].sum() + eps
        L = np.maximum(L, leakage)
    M = np.einsum("fij,fjt->fit", L, P) + eps
    return np.stack([L[:, i, j, None] * P[:, j] / M[:, i] for i, j in enumerate(voices)], axis=1)


FOOTPRINTS = {"point": np.ones((1, 1)), "time": np.ones((1, 9)), "frequency": np.ones((9, 1))}
FOOTPRINTS["cross"] = np.array([[i == 2 or j == 2 for j in range(5)] for i in range(5)])


@pytest.mark.parametrize("voices", [(0, 1, 2), (0, 1, 1), (1, 0, 1), (0, 0, 0)], ids=str)
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("kernel", KERNELS)
def test_gains_are_those_of_the_equations(voices, normalised, kernel):
    power = powers()
    options = {"iterations": 3, "floor": 0.1, "leakage": 0.05, "normalised": normalised}

    gains = Model(**options, kernel=kernel).gains(power, voices)

    expected = by_the_equations(
        power,
        voices,
        **options,
        kernel=lambda P: scipy.ndimage.median_filter(
            P, footprint=FOOTPRINTS[kernel], mode="nearest"
        ),
    )
    np.testing.assert_allclose(gains, expected, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("logistic", [False, True])
def test_torch_and_float32_agree(kernel, logistic):
    torch = pytest.importorskip("torch")
    power, model = powers(bins=20), Model(kernel=kernel, logistic=logistic)

    expected = model.gains(power, (0, 1, 2))

    tensors = model.gains(torch.from_numpy(power), (0, 1, 2))
    np.testing.assert_allclose(tensors.numpy(), expected, atol=1e-12)
    single = model.gains(power.astype(np.float32), (0, 1, 2))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, atol=1e-3)


def test_silence_has_a_gain_below_one():
    """Of everything, of one microphone and of one frequency beside others."""
    power = powers()
    power[2] = 0
    power[:, 1] = 0

    for gains in (Model().gains(power, (0, 1, 2)), Model().gains(0 * power, (0, 1, 2))):
        assert np.isfinite(gains).all()
        assert gains.max() <= 1


def test_gains_lie_between_zero_and_one():
    gains = Model(normalised=True).gains(powers(bins=30), (0, 1, 2))

    assert gains.min() >= 0
    assert gains.max() <= 1


def test_no_gain_of_equalisation_is_zero():
    """Where a microphone is silent for long, and where all are."""
    power = powers(frames=40)
    power[1, 0, :20] = 0
    power[:, 2] = 0

    gain = equalisation(power)

    assert gain.shape == (6, 3, 1)
    assert (gain > 0).all()
    assert gain[0, 0, 0] == np.sqrt(np.sort(power[0, 0])[2])


@pytest.mark.parametrize("voices", [(), (1, 2), (0, 2), (-1, 0)], ids=str)
def test_a_voice_without_a_microphone_is_refused(voices):
    with pytest.raises(InputError, match="each voice with a microphone"):
        close_microphones(voices)


def test_an_unknown_kernel_is_refused():
    with pytest.raises(UnknownName, match="kernel"):
        Model(kernel="frequencies")
