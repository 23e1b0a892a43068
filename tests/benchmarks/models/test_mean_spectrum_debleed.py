"""Masks that know frequencies alone learn where each microphone's source lies."""

import numpy as np
import pytest

from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from benchmarks.training.config_file import load_config
from mn_dataset.errors import InputError

torch = pytest.importorskip("torch")
from benchmarks.models.mean_spectrum_debleed import MeanSpectrumDebleed  # noqa: E402 - torch

SMALL = {"microphones": 2, "window": 64, "hop": 16}


def noises(*bands, num_samples=4000):
    """Return noises in bands of a 64-point transform, one of each source of an item."""
    generator = torch.Generator().manual_seed(0)
    spectrum = torch.fft.rfft(torch.randn(len(bands), num_samples, generator=generator))
    share = torch.linspace(0, 32, spectrum.shape[-1])
    inside = torch.stack([(low <= share) & (share <= high) for low, high in bands])
    return 0.1 * torch.fft.irfft(spectrum * inside, num_samples)[None]


def trained(noisy, clean, *, steps=200):
    network = MeanSpectrumDebleed().build(**SMALL)
    objective = MeanSpectrumDebleed().objective(network, [{"mse": 1.0}])
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for _ in range(steps):
        optimizer.zero_grad()
        objective(network, {"noisy": noisy, "clean": clean}).backward()
        optimizer.step()
    return network


def bled(clean, gain):
    return clean + gain * clean.flip(1)


def test_it_halves_before_it_has_learned():
    network = MeanSpectrumDebleed().build(microphones=3)
    wave = torch.randn(2, 3, 5000, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(network(wave), wave / 2, atol=1e-5, rtol=0)
    assert sum(weight.numel() for weight in network.parameters()) == 3 * 1025


def test_every_microphone_keeps_the_band_of_its_own_source():
    clean = noises((0, 12), (20, 32))

    share = trained(bled(clean, 0.5), clean).logit.sigmoid().detach()[:, 0]

    assert float(share[0, 2:10].min()) > 0.9
    assert float(share[0, 22:30].max()) < 0.1
    assert float(share[1, 2:10].max()) < 0.1
    assert float(share[1, 22:30].min()) > 0.9


def test_sources_of_one_spectrum_come_to_the_wiener_gain():
    """Bleed at half the amplitude: a gain of 1 / (1 + 0.25) at every frequency."""
    clean = noises((0, 32), (0, 32), num_samples=40_000)

    share = trained(bled(clean, 0.5), clean).logit.sigmoid().detach()

    # 2500 frames that overlap, correlated by chance to some per cent.
    torch.testing.assert_close(share[..., 2:-2].mean(), torch.tensor(0.8), atol=0.01, rtol=0)


def test_a_stored_network_answers_at_other_rates(tmp_path):
    """Of stereo sessions too: every channel for itself."""
    path = tmp_path / "weights.safetensors"
    network = MeanSpectrumDebleed().build(microphones=3)
    weights_file.save(path, network, model="mean_spectrum_debleed")
    session = 0.1 * np.random.default_rng(0).standard_normal((1, 3, 2, 9000)).astype(np.float32)
    debleeder = load_denoiser(f"mean_spectrum_debleed@{path}")

    estimates = debleeder(session, 44_100, num_targets=3)

    np.testing.assert_allclose(estimates, session / 2, atol=1e-5)
    assert debleeder(session, 48_000, num_targets=3).shape == session.shape


def test_its_configuration_is_read():
    config = load_config("mean_spectrum_debleed")

    assert config.data.draw["stems"] == config.validation.draw["stems"] == 3
    network = MeanSpectrumDebleed().build(**config.model)
    MeanSpectrumDebleed().objective(network, config.loss)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"window": 63}, "mean_spectrum_debleed: window is 63"),
        ({"microphones": 0}, "mean_spectrum_debleed: microphones is 0; expected 1 or more"),
    ],
)
def test_numbers_that_make_no_network_are_refused(keywords, message):
    with pytest.raises(InputError, match=message):
        MeanSpectrumDebleed().build(**keywords)
