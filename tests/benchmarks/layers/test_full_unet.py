"""The full U-Net has the numbers of the published one and takes any session."""

import pytest
import torch

from benchmarks.models.f_unet import FUnet

TINY = {"widths": [3, 4, 5, 6, 7]}


def session(microphones, num_samples, *, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, microphones, num_samples, generator=generator)


def test_it_has_as_many_numbers_as_the_published_one():
    """Whatever the number of microphones."""
    with torch.device("meta"):
        network = FUnet().build()

    assert sum(weight.numel() for weight in network.parameters()) == 960_257


def test_it_is_the_table_layer_by_layer():
    """Two convolutions and leaky ReLUs of 0.3 to a level, [up, skip], a linear end."""
    network = FUnet().build(**TINY, output="waveform").eval()
    given = session(3, 64)

    def both(pair, image):
        for convolution in pair:
            image = torch.nn.functional.leaky_relu(convolution(image), 0.3)
        return image

    image, skips = given[:, None], []
    for pair in network.encoder:
        skips.append(both(pair, image))
        image = torch.nn.functional.max_pool2d(skips[-1], (1, 2))
    image = both(network.middle, image)
    for number in (3, 2, 1, 0):
        image = torch.cat((network.up[number](image), skips[number]), dim=1)
        image = both(network.decoder[number], image)

    assert [tuple(skip.shape[1:]) for skip in skips] == [
        (3, 3, 64),
        (4, 3, 32),
        (5, 3, 16),
        (6, 3, 8),
    ]
    torch.testing.assert_close(network(given), network.output(image)[:, 0])


@pytest.mark.parametrize("output", ["waveform", "residual"])
@pytest.mark.parametrize("microphones", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("num_samples", [1, 17, 160])
def test_any_number_of_microphones_and_samples_is_kept(output, microphones, num_samples):
    network = FUnet().build(**TINY, output=output).eval()

    answer = network(session(microphones, num_samples))

    assert answer.shape == (2, microphones, num_samples)
    assert answer.isfinite().all()


def test_an_untrained_residual_passes_a_session_on():
    """Less a little, which lets the gradient in."""
    network = FUnet().build().eval()
    given = session(3, 1000)

    error = (network(given) - given).square().mean().sqrt()

    assert 0 < error < 0.2


def test_every_microphone_hears_of_every_other():
    """Two rows to a kernel are enough, over all layers."""
    network = FUnet().build(**TINY).eval()
    given = session(4, 64).requires_grad_()

    heard = []
    for row in range(4):
        (gradient,) = torch.autograd.grad(network(given)[:, row].square().sum(), given)
        heard.append((gradient.abs().sum(dim=(0, 2)) > 0).tolist())

    assert heard == [[True] * 4] * 4
