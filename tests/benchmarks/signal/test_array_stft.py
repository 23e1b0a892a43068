"""The transform of any kind of array is that of numpy's float32."""

import numpy as np
import pytest

from benchmarks.signal.array_stft import ArrayStft
from benchmarks.signal.stft import Stft
from mn_dataset.seeds import generator


@pytest.mark.parametrize("num_samples", [1, 2, 3, 700, 2048, 5001])
def test_it_equals_the_transform_of_float32(num_samples):
    signal = generator(0, "array stft").normals(num_samples).astype(np.float32)

    spectrum = ArrayStft(64).forward(signal)

    assert spectrum.dtype == np.complex64
    np.testing.assert_allclose(spectrum, Stft(64).forward(signal), atol=1e-4)


@pytest.mark.parametrize("num_samples", [1, 2, 63, 4000])
@pytest.mark.parametrize("overlap", [2, 4])
def test_it_is_undone_in_double_precision(num_samples, overlap):
    signal = generator(1, "array stft").normals(2 * num_samples).reshape(2, num_samples)
    stft = ArrayStft(64, overlap)

    back = stft.inverse(stft.forward(signal), num_samples=num_samples)

    np.testing.assert_allclose(back, signal, atol=1e-13)


def test_torch_agrees():
    torch = pytest.importorskip("torch")
    signal = generator(2, "array stft").normals(3000)
    stft = ArrayStft(64)

    spectrum = stft.forward(torch.from_numpy(signal))

    np.testing.assert_allclose(spectrum.numpy(), stft.forward(signal), atol=1e-12)
    np.testing.assert_allclose(stft.inverse(spectrum, num_samples=3000).numpy(), signal, atol=1e-13)
