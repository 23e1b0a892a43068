"""The dilated U-Net has the published numbers, and every level of it answers its input."""

import pytest
import torch

from benchmarks.layers.dilated_unet import DILATIONS, DownLevel
from benchmarks.layers.initialise import initialise
from benchmarks.models.df_unet import DfUnet

TINY = {"widths": [3, 4, 5, 6, 7], "last_width": 4}


def session(microphones, num_samples, *, batch=2, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, microphones, num_samples, generator=generator)


def numbers(network):
    learned = sum(weight.numel() for weight in network.parameters())
    moving = [value.numel() for name, value in network.named_buffers() if "running" in name]
    return learned + sum(moving)


@pytest.mark.parametrize(("last_width", "expected"), [(32, 3_859_793), (16, 3_839_025)])
def test_it_has_as_many_numbers_as_the_published_ones(last_width, expected):
    """ChebGCN's and GIRNet's, the statistics of the normalisations among them."""
    with torch.device("meta"):
        network = DfUnet().build(last_width=last_width)
        graph = DfUnet().build(last_width=last_width, graph=True)

    assert numbers(network) == expected
    assert numbers(graph) - expected == 16_768


@pytest.mark.parametrize("graph", [False, True])
@pytest.mark.parametrize("microphones", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("num_samples", [1, 17, 160])
def test_any_number_of_microphones_and_samples_is_kept(graph, microphones, num_samples):
    network = DfUnet().build(**TINY, graph=graph).eval()

    answer = network(session(microphones, num_samples))

    assert answer.shape == (2, microphones, num_samples)
    assert answer.isfinite().all()


def level(dilation):
    block = DownLevel(4, 5, dilation=dilation)
    initialise(block, seed=0, scheme="fan_in")
    return block.eval()


def answers(block, *, rows=4):
    """Return what a level makes of two images, whose rows are those of four microphones."""
    images = torch.randn(2, 4, rows, 64, generator=torch.Generator().manual_seed(1))
    return block(images)


@pytest.mark.parametrize("distance", DILATIONS)
def test_every_level_answers_its_input(distance):
    first, second = answers(level((1, distance)))

    assert (first - second).abs().max() > 0.1


def test_the_published_dilation_leaves_the_coarsest_level_deaf():
    """At 16 over both axes its taps lie beyond four microphones: it answers its bias alone."""
    first, second = answers(level((16, 16)))

    assert torch.equal(first, second)


@pytest.mark.parametrize("distance", [2, 4])
def test_the_published_dilation_never_reads_a_microphones_own_row(distance):
    """As the first convolution of a level shows; dilated along time alone, it does."""
    images = torch.randn(1, 4, 4, 64, generator=torch.Generator().manual_seed(1))
    silenced = images.clone()
    silenced[:, :, 1] = 0

    changes = [
        (first(images) - first(silenced))[:, :, 1].abs().max()
        for first in (
            level(dilation).convolutions[0] for dilation in ((distance, distance), (1, distance))
        )
    ]

    assert changes[0] == 0
    assert changes[1] > 0.1


def test_every_level_is_heard_at_the_end():
    """Each skip, and the bottleneck, changes what is answered; with the graph as without it."""
    for graph in (False, True):
        network = DfUnet().build(**TINY, graph=graph).eval()
        given = session(4, 320)
        expected = network(given)

        changes = []
        for layer in (*network.encoder, network.middle):
            hook = layer.register_forward_hook(lambda _, __, output: output + 1.0)
            changes.append((network(given) - expected).abs().max())
            hook.remove()

        assert min(changes) > 1e-5


def test_a_graph_lets_every_microphone_answer_every_other():
    """Even those that no kernel reaches; its gates begin open."""
    network = DfUnet().build(**TINY, graph=True).eval()
    image = torch.rand(1, 6, 9, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()

    gated = network.graph(image)
    (gradient,) = torch.autograd.grad(gated[:, :, 0].sum(), image)

    assert (gradient.abs().sum(dim=(0, 1, 3)) > 0).all()
    assert (gated / image - 1).abs().max() < 0.5


def test_a_graph_knows_no_order_of_its_microphones():
    """What changes places changes places."""
    gate = DfUnet().build(**TINY, graph=True).eval().graph
    image = torch.rand(1, 6, 4, 8, generator=torch.Generator().manual_seed(0))

    torch.testing.assert_close(gate(image.flip(2)), gate(image).flip(2))


def test_the_published_answer_is_flatter_below_zero():
    """A leaky ReLU follows its last layer; that of a residual is linear."""
    network, same = (
        DfUnet().build(**TINY, output=name).eval() for name in ("waveform", "residual")
    )
    same.load_state_dict(network.state_dict())
    given = session(3, 160)

    linear = given - same(given)

    torch.testing.assert_close(network(given), torch.where(linear > 0, linear, 0.3 * linear))
