"""The network of acapellabot has its numbers, its borders, and its order of ReLU and norm."""

import pytest
import torch
from torch.nn import functional

from benchmarks.models.acapella_cnn import AcapellaCnn
from mn_dataset.errors import UnknownName

TINY = {"widths": [3, 4, 5, 2], "window": 64, "hop": 16}


def features(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_it_has_the_numbers_of_the_published_weights():
    """667,585 are learned, 640 more are the moving statistics of four normalisations."""
    network = AcapellaCnn().build()

    learned = sum(weight.numel() for weight in network.parameters())
    moving = sum(value.numel() for name, value in network.named_buffers() if "running" in name)

    assert (learned, learned + moving) == (667_585, 668_225)


def test_kernels_biases_and_norms_are_those_of_the_table():
    """Convolutions before a normalisation have no bias; two are of 4 x 4 and halve both axes."""
    network = AcapellaCnn().build()
    shapes = [tuple(layer.weight.shape) for layer in network.convolutions]
    biases = [layer.bias is not None for layer in network.convolutions]

    assert shapes[:3] == [(64, 1, 3, 3), (64, 64, 4, 4), (64, 64, 3, 3)]
    assert shapes[6:9] == [(64, 192, 3, 3), (64, 64, 3, 3), (64, 128, 3, 3)]
    assert shapes[10:] == [(32, 64, 3, 3), (1, 32, 3, 3)]
    assert biases == [True, False] * 4 + [True] * 4
    assert {(norm.eps, norm.momentum) for norm in network.normalisations} == {(1e-3, 0.01)}


def test_it_is_the_table_layer_by_layer():
    """Written out with torch's functions: ReLU before the norm, nearest doubling, [up, skip]."""
    network = AcapellaCnn().build(**TINY).eval()
    for norm in network.normalisations:
        torch.nn.init.uniform_(norm.running_mean, 0.0, 0.1)
    given = features(2, 1, 12, 36)

    conv, norm = network.convolutions, network.normalisations
    image = given.transpose(2, 3)  # frequencies first; 36 and 12 are multiples of 4
    a = conv[0](image).relu()
    b = conv[2](norm[0](conv[1](functional.pad(a, (2, 1, 2, 1))).relu())).relu()
    c = conv[4](norm[1](conv[3](functional.pad(b, (2, 1, 2, 1))).relu())).relu()
    up = norm[2](conv[5](c).relu()).repeat_interleave(2, 2).repeat_interleave(2, 3)
    d = conv[6](torch.cat((up, b), 1)).relu()
    up = norm[3](conv[7](d).relu()).repeat_interleave(2, 2).repeat_interleave(2, 3)
    e = conv[8](torch.cat((up, a), 1)).relu()
    expected = conv[11](conv[10](conv[9](e).relu()).relu()).relu().transpose(2, 3)

    torch.testing.assert_close(network(given), expected)


@pytest.mark.parametrize("output", ["log_magnitude", "mask"])
@pytest.mark.parametrize("shape", [(1, 1), (5, 33), (8, 32)])
def test_any_number_of_frames_and_bins_is_kept(output, shape):
    """Zeros are appended up to a multiple of four, and cut off again."""
    network = AcapellaCnn().build(**TINY, output=output).eval()

    assert network(features(2, 1, *shape)).shape == (2, 1, *shape)


def test_zeros_are_appended_at_the_end():
    """What the network sees beyond the last bin and frame is silence."""
    network = AcapellaCnn().build(**TINY).eval()
    given = features(1, 1, 5, 33)

    longer = network(functional.pad(given, (0, 3, 0, 3)))

    torch.testing.assert_close(network(given), longer[..., :5, :33])


def test_a_mask_is_a_share_of_the_mixture():
    """Of its magnitude, between nothing and all of it."""
    network = AcapellaCnn().build(**TINY, output="mask").eval()
    given = 3 * features(1, 1, 8, 33)

    voice = network(given)

    assert (voice > 0).all()
    assert (voice < given).all()


def test_a_mask_of_a_half_is_half_the_magnitude():
    """Not half of its logarithm."""
    network = AcapellaCnn().build(**TINY, output="mask").eval()
    torch.nn.init.zeros_(network.convolutions[11].weight)
    given = 3 * features(1, 1, 8, 33)

    torch.testing.assert_close(network(given).expm1(), given.expm1() / 2)


def test_the_first_weights_follow_from_the_seed():
    """And leave torch's own generator alone."""
    before = torch.get_rng_state()
    one, same, other = (AcapellaCnn().build(**TINY, seed=seed) for seed in (1, 1, 2))
    weights = [network.convolutions[3].weight for network in (one, same, other)]

    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert torch.equal(before, torch.get_rng_state())


def test_two_channels_go_in_and_out():
    """Both of them are seen at once."""
    network = AcapellaCnn().build(**TINY, channels=2).eval()

    assert network(features(1, 2, 8, 33)).shape == (1, 2, 8, 33)


def test_an_unknown_output_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownName, match="did you mean 'mask'"):
        AcapellaCnn().build(**TINY, output="maks")
