"""Of music that is nearly clean, little is taken away; of noisy music, all that is to go."""

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers import stft  # noqa: E402 - torch is an extra
from benchmarks.layers.sparing import spared  # noqa: E402 - the same

RANGE_DB = (-26.0, -16.0)


def spectra(frames=300, bins=9, *, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, 2, frames, bins, generator=generator)


@pytest.mark.parametrize(("share_db", "taken"), [(-30, 0.0), (-26, 0.0), (-21, 0.5), (-16, 1.0)])
def test_the_share_that_is_removed_says_how_much_of_it_goes(share_db, taken):
    mixture = spectra()
    removed = 10 ** (share_db / 20) * mixture

    estimate = spared(mixture, mixture - removed, RANGE_DB)

    torch.testing.assert_close(mixture - estimate, taken * removed, rtol=1e-3, atol=1e-5)


def test_noise_changes_nothing_half_a_second_away():
    mixture = spectra()
    estimate = 0.99 * mixture
    estimate[:, :, :100] = 0.5 * mixture[:, :, :100]

    result = spared(mixture, estimate, RANGE_DB)

    torch.testing.assert_close(result[:, :, :57], estimate[:, :, :57])
    torch.testing.assert_close(result[:, :, 143:], mixture[:, :, 143:])


def test_silence_and_a_single_frame_come_back():
    for given in (torch.zeros(1, 2, 5, 9), spectra(frames=1)):
        assert bool(spared(given, 0.5 * given, RANGE_DB).isfinite().all())


class Attenuation(torch.nn.Module):
    """Leaves 0.97 of everything: 30 dB are left of clean music."""

    def __init__(self, spare_db):
        super().__init__()
        self.config = {"input_rms": None, "spare_db": spare_db}
        self.factor = torch.nn.Parameter(torch.tensor(0.97))

    def forward(self, given):
        return [self.factor * given]


def test_a_network_whose_config_says_so_spares():
    wave = torch.randn(1, 44_100, generator=torch.Generator().manual_seed(0))

    with torch.inference_mode():
        as_is, careful = (stft.estimate(Attenuation(db), wave) for db in (None, RANGE_DB))

    torch.testing.assert_close(as_is, 0.97 * wave, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(careful, wave, rtol=1e-4, atol=1e-5)
