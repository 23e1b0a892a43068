"""The quick way through a network of spectra answers what the plain way does."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")

from benchmarks.harness.apply import load_denoiser  # noqa: E402 - once torch is there
from benchmarks.harness.load import SHIPPED  # noqa: E402
from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.models.musicecan import MusicEcanSmall  # noqa: E402

SECONDS = 1.5


def network_of(num_tfc):
    """Return the network that ships, or an untrained one of its widths."""
    if num_tfc == 3:
        shipped = SHIPPED / "musicecan_small.safetensors"
        return weights_file.load(shipped, MusicEcanSmall().build, model="musicecan_small")
    return MusicEcanSmall().build(num_tfc=num_tfc, train_frames=133).eval()


def stereo():
    generator = torch.Generator().manual_seed(0)
    return 0.1 * torch.randn(2, round(SECONDS * 44_100), generator=generator)


@pytest.mark.parametrize("num_tfc", [1, 3])
def test_it_answers_what_training_computes(num_tfc):
    """With gradients there are no strips, no pairs of bins and no borders kept: 100 dB apart."""
    network, noisy = network_of(num_tfc), stereo()[:1]

    with torch.inference_mode():
        quick = MusicEcanSmall().estimate(network, noisy)
    plain = MusicEcanSmall().estimate(network, noisy).detach()

    error = (quick - plain).square().sum() / plain.square().sum()
    assert -10 * float(error.log10()) > 100
    torch.testing.assert_close(quick, plain, rtol=0, atol=1e-4 * float(plain.abs().max()))


def test_stereo_is_its_channels_one_by_one():
    """Bit for bit: no item of a batch changes how another is computed."""
    denoiser, noisy = load_denoiser("musicecan_small"), stereo()[None].numpy()

    together = denoiser(noisy, 44_100)
    apart = [denoiser(channel, 44_100) for channel in np.split(noisy, 2, axis=1)]

    np.testing.assert_array_equal(together, np.concatenate(apart, axis=1))
