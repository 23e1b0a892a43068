"""The transform of any window is torch's own, and its inverse undoes it at any length."""

import pytest

from mn_dataset.errors import UnknownName

torch = pytest.importorskip("torch")
from benchmarks.layers.transform import Transform  # noqa: E402 - torch is an extra

KINDS = [Transform(1024, 256), Transform(1024, 512, "sine"), Transform(1536, 384)]


@pytest.mark.parametrize("transform", KINDS, ids=str)
@pytest.mark.parametrize("num_samples", [1, 100, 5000, 16_000])
def test_the_inverse_gives_back_what_was_analysed(transform, num_samples):
    wave = torch.randn(2, 3, num_samples, dtype=torch.float64, generator=_generator())
    spectrum = transform.forward(wave)
    assert spectrum.shape == (2, 3, transform.num_frames(num_samples), transform.bins)
    again = transform.inverse(spectrum, num_samples=num_samples)
    torch.testing.assert_close(again, wave, rtol=0, atol=1e-12)


def test_it_is_the_centred_transform_of_torch():
    transform = Transform(512, 128)
    wave = torch.randn(2, 5000, dtype=torch.float64, generator=_generator())
    hann = torch.hann_window(512, dtype=torch.float64)
    theirs = torch.stft(wave, 512, 128, window=hann, center=True, return_complex=True)
    torch.testing.assert_close(transform.forward(wave), theirs.transpose(1, 2))


def test_an_unknown_window_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="hann"):
        Transform(512, 128, "han")


def _generator():
    return torch.Generator().manual_seed(1)
