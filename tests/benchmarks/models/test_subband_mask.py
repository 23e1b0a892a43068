"""The quick network is built as asked, refuses numbers that make none, and learns."""

import pytest

from benchmarks.models.subband_mask import SubbandMask
from benchmarks.training.config_file import load_config
from mn_dataset.errors import InputError

torch = pytest.importorskip("torch")
from benchmarks.training.losses import denoising_loss  # noqa: E402 - it needs torch here

SMALL = {"widths": (16, 16, 32), "recurrent": 1}


def test_a_seed_is_a_network():
    one, same, other = (SubbandMask().build(**SMALL, seed=seed) for seed in (1, 1, 2))

    assert torch.equal(one.embed.weight, same.embed.weight)
    assert not torch.equal(one.embed.weight, other.embed.weight)


def test_its_configuration_makes_it_again():
    network = SubbandMask().build(**SMALL)
    again = SubbandMask().build(**network.config)

    assert again.config == network.config
    again.load_state_dict(network.state_dict())


@pytest.mark.parametrize(
    ("keywords", "complaint"),
    [
        ({"widths": (16, 15)}, "even"),
        ({"widths": ()}, "even"),
        ({"patch": (0, 8)}, "patch"),
        ({"patch": (2, 8, 1)}, "patch"),
        ({"blocks": 0}, "blocks"),
        ({"recurrent": -1}, "recurrent"),
        ({"quantile": 1.0}, "quantile"),
        ({"input_rms": 0.0}, "input_rms"),
        ({"spare_db": (-16.0, -26.0)}, "spare_db"),
        ({"spare_db": (-16.0,)}, "spare_db"),
        ({"spare_db": (-16.0, 1.0)}, "spare_db"),
    ],
)
def test_numbers_that_make_no_network_are_refused(keywords, complaint):
    with pytest.raises(InputError, match=complaint):
        SubbandMask().build(**{**SMALL, **keywords})


def test_it_learns_to_leave_a_tone_and_take_the_noise():
    """From a tone as steady as the noise, which the floor alone takes for noise."""
    generator = torch.Generator().manual_seed(0)
    clean = 0.05 * torch.sin(2 * torch.pi * 440 / 44_100 * torch.arange(12_000))[None]
    noisy = clean + 0.02 * torch.randn(1, 12_000, generator=generator)
    network = SubbandMask().build(**SMALL)
    objective = denoising_loss([{"snr": 1.0}], network)
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = objective(network, {"noisy": noisy, "clean": clean})
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))

    assert losses[0] > -5.0
    assert losses[-1] < losses[0] - 4.0


def test_its_configuration_is_read():
    config = load_config("subband_mask")

    assert SubbandMask().build(**config.model).config["bins"] == 1025
