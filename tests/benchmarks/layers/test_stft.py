"""A network of spectra is given waveforms at its level, and both ends come out right."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")

from benchmarks.layers import stft  # noqa: E402 - once torch is there
from benchmarks.models.two_stage_unet import INPUT_RMS  # noqa: E402
from mn_dataset.seeds import generator  # noqa: E402


class Recorded(torch.nn.Module):
    """Returns its input, and remembers it."""

    def __init__(self, *, input_rms=INPUT_RMS, kind=torch.float32):
        super().__init__()
        self.config = {"input_rms": input_rms}
        self.weight = torch.nn.Parameter(torch.zeros(1, dtype=kind))

    def forward(self, spectra):
        self.seen = spectra
        return spectra, 0 * spectra


def waves(*, batch=2, num_samples=10_000, rms=0.1):
    draws = generator(0, "test", "waves").normals(batch * num_samples)
    return torch.from_numpy((rms * draws).astype(np.float32).reshape(batch, num_samples))


def estimate(network, noisy):
    with torch.inference_mode():
        return stft.estimate(network, noisy)


@pytest.mark.parametrize("num_samples", [1, 511, 512, 513, 2048, 44_101])
def test_identity_is_exact_from_the_first_sample_to_the_last(num_samples):
    """Any length, however short."""
    noisy = waves(num_samples=num_samples)

    # Two float32 transforms of a signal below 1.
    torch.testing.assert_close(estimate(Recorded(), noisy), noisy, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rms", [1e-6, 1.0, 1e4])
def test_the_network_sees_one_level(rms):
    """Spectra of unit RMS, whatever the level of the mixture."""
    network = Recorded()

    estimate(network, waves(num_samples=100_000, rms=rms))

    # Of each of the two parts; the margins hold a few frames with less in them.
    assert network.seen.square().sum(dim=1).mean().sqrt().item() == pytest.approx(1, abs=0.05)


def test_a_network_without_a_level_sees_what_there_is():
    """Weights of the reference expect spectra as they are."""
    network, noisy = Recorded(input_rms=None), waves(batch=1, num_samples=4096)

    estimate(network, noisy)

    # The fourth frame is the first without margin.
    direct = stft.forward(noisy)
    torch.testing.assert_close(network.seen[:, :, 3], direct[:, :, 0])


def test_silence_gives_silence_and_not_nan():
    """Alone, and beside music."""
    noisy = waves()
    noisy[1] = 0

    found = estimate(Recorded(), noisy)

    assert torch.isfinite(found).all()
    assert not found[1].any()


def test_the_network_is_handed_its_own_type():
    """And what it returns is float32 audio."""
    network = Recorded(kind=torch.bfloat16)

    found = estimate(network, waves())

    assert (network.seen.dtype, found.dtype) == (torch.bfloat16, torch.float32)


def test_dust_is_silence():
    """What float computations leave behind silence is not brought to the level of music."""
    dust = waves(rms=1e-30)

    assert not estimate(Loud(), dust).any()


class Loud(Recorded):
    """Adds something to whatever it hears, as biases do."""

    def forward(self, spectra):
        return (spectra + 1,)
