"""A mask that knows frequencies alone learns where the voice lies."""

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from benchmarks.training.config_file import load_config
from mn_dataset.errors import InputError

torch = pytest.importorskip("torch")
from benchmarks.models.mean_spectrum_mask import MeanSpectrum  # noqa: E402 - it needs torch here

SMALL = {"window": 64, "hop": 16}


def noises(*bands, num_samples=4000):
    """Return noises in bands of a 64-point transform, one of each side of an item."""
    generator = torch.Generator().manual_seed(0)
    spectrum = torch.fft.rfft(torch.randn(len(bands), num_samples, generator=generator))
    share = torch.linspace(0, 32, spectrum.shape[-1])
    inside = torch.stack([(low <= share) & (share <= high) for low, high in bands])
    return 0.1 * torch.fft.irfft(spectrum * inside, num_samples)


def trained(clean, *, steps=200):
    network = MeanSpectrum().build(**SMALL)
    objective = MeanSpectrum().objective(network, [{"mse": 1.0}])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        objective(network, {"noisy": clean.sum(dim=1), "clean": clean}).backward()
        optimizer.step()
    return network


def test_it_halves_before_it_has_learned():
    """Its parameters are one per frequency."""
    network = MeanSpectrum().build()
    mixture = torch.rand(1, 3, 1025)

    torch.testing.assert_close(network(mixture), torch.stack((mixture, mixture), dim=1) / 2)
    assert sum(weight.numel() for weight in network.parameters()) == 1025


def test_bands_are_told_apart():
    """A low voice under a high accompaniment, by the bins where either is alone."""
    network = trained(noises((0, 12), (20, 32))[None])

    share = network.logit.sigmoid().detach()

    assert float(share[2:10].min()) > 0.9
    assert float(share[22:30].max()) < 0.1


def test_the_least_squares_share_is_found():
    """That of each bin, where voice and accompaniment share all of them."""
    clean = noises((0, 32), (0, 32))[None] * torch.tensor([1.0, 0.5])[None, :, None]
    objective = MeanSpectrum().objective(MeanSpectrum().build(**SMALL), [{"mse": 1.0}])
    forward = objective.transform.forward
    mixture, (voice, other) = forward(clean.sum(dim=1)).abs()[0], forward(clean[0]).abs()
    power = mixture.square().mean(dim=0)
    # The two errors of a share m: (m x − v)² + ((1 − m) x − a)².
    best = ((mixture * (voice + mixture - other)).mean(dim=0) / power / 2).clamp(0, 1)

    share = trained(clean, steps=400).logit.sigmoid().detach()

    torch.testing.assert_close(share[1:-1], best[1:-1], atol=0.01, rtol=0)


def test_estimates_of_a_stored_network_sum_to_the_mixture(tmp_path):
    """At 48 kHz too, where its band ends below the recording's."""
    path = tmp_path / "weights.safetensors"
    weights_file.save(path, MeanSpectrum().build(), model="mean_spectrum_mask")
    mixture = 0.1 * np.random.default_rng(0).standard_normal((1, 2, 9000)).astype(np.float32)

    estimates = load_denoiser(f"mean_spectrum_mask@{path}")(mixture, 48_000)

    assert estimates.shape == (1, 2, 2, 9000)
    np.testing.assert_allclose(estimates.sum(axis=1), mixture, atol=1e-6)


def test_its_configuration_is_read():
    """The stems of any songs together, for a mask that is not to know songs."""
    config = load_config("mean_spectrum_mask")

    assert config.data.draw == {"mixing": "incoherent"}
    MeanSpectrum().objective(MeanSpectrum().build(**config.model), config.loss)


def test_numbers_that_make_no_network_are_refused():
    with pytest.raises(InputError, match="mean_spectrum_mask: window is 63"):
        MeanSpectrum().build(window=63)
