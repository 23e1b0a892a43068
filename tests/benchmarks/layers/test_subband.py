"""A mask that begins as a Wiener filter, and sees evidence of noise at every bin."""

import pytest

torch = pytest.importorskip("torch")
from benchmarks.layers import subband  # noqa: E402 - torch is an extra
from benchmarks.layers.subband import FEATURES, SubbandMask, evidence  # noqa: E402 - the same

SMALL = {
    "bins": 65,
    "patch": [2, 4],
    "widths": [8, 8, 16],
    "blocks": 1,
    "recurrent": 1,
    "quantile": 0.2,
}


def hiss(frames, bins=65, *, seed=0):
    """Return spectra of white noise whose bins have a mean power of one."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 2, frames, bins, generator=generator) / 2**0.5


def masked(network, spectra):
    (estimate,) = network(spectra)
    return estimate.detach()


def test_the_floor_is_the_mean_of_a_steady_noise():
    """Within a decibel, at any level: the bias of the quantile is taken out."""
    for gain in (0.1, 1.0, 3.0):
        power = gain**2 * hiss(400).square().sum(dim=1)
        features, _ = evidence(power, quantile=0.2)
        over_floor = 3.0 * features[:, 1]

        mean = over_floor.exp().mean() / subband._BIAS
        assert abs(float(10 * mean.log10())) < 1.0


def test_an_untrained_network_takes_steady_noise_and_leaves_what_stands_out():
    spectra = hiss(200)
    spectra[:, :, 80:120, 20] *= 20.0

    estimate = masked(SubbandMask(SMALL), spectra)

    share = estimate.square().sum() / spectra.square().sum()
    bin_share = estimate[:, :, 82:118, 20].square().sum() / spectra[:, :, 82:118, 20].square().sum()
    noise = estimate[:, :, :70].square().sum() / spectra[:, :, :70].square().sum()
    assert float(noise) < 0.1
    assert float(bin_share) > 0.9
    assert 0.0 < float(share) < 1.0


def test_means_and_minima_are_those_of_the_neighbours_that_are_there():
    values = torch.rand(2, 37, 11, generator=torch.Generator().manual_seed(1))

    means = subband._mean(values, 5, dim=1)
    lowest = subband._lowest(values)

    for frame in range(37):
        near = values[:, max(0, frame - 2) : frame + 3]
        torch.testing.assert_close(means[:, frame], near.mean(dim=1))
        reach = values[:, max(0, frame - 10) : frame + 11]
        torch.testing.assert_close(lowest[:, frame], reach.amin(dim=1), rtol=0, atol=0)
    torch.testing.assert_close(subband._mean(values.mT, 5, dim=2), means.mT)


@pytest.mark.parametrize("frames", [1, 2, 3, 40])
@pytest.mark.parametrize("level", [0.0, 1e-6, 1.0, 1e4])
def test_evidence_is_bounded_whatever_comes(frames, level):
    features, prior = evidence(level * hiss(frames).square().sum(dim=1), quantile=0.2)

    assert features.shape == (1, FEATURES, frames, 65)
    assert prior.shape == (1, frames, 65)
    assert float(features.abs().max()) <= 2.0
    assert bool(prior.isfinite().all())


@pytest.mark.parametrize(("frames", "bins"), [(1, 65), (7, 65), (8, 33), (21, 50)])
def test_any_number_of_frames_and_bins_comes_back(frames, bins):
    network = SubbandMask(SMALL | {"bins": bins})
    torch.nn.init.normal_(network.head.weight)

    assert masked(network, hiss(frames, bins)).shape == (1, 2, frames, bins)


def test_patches_are_put_back_where_they_were_cut():
    network = SubbandMask(SMALL)
    numbers = torch.rand(2, 1, 9, 65, generator=torch.Generator().manual_seed(2))

    patches = network._patches(numbers)

    torch.testing.assert_close(network._bins(patches, (2, 9, 65)), numbers[:, 0], rtol=0, atol=0)


def test_every_weight_is_used():
    network = SubbandMask(SMALL)
    for weight in network.parameters():
        torch.nn.init.normal_(weight, std=0.1)

    (estimate,) = network(hiss(30))
    estimate.square().sum().backward()

    silent = [name for name, weight in network.named_parameters() if not weight.grad.abs().max()]
    assert silent == []


def test_items_of_a_batch_do_not_hear_each_other():
    network = SubbandMask(SMALL).eval()
    torch.nn.init.normal_(network.head.weight)
    first, second = hiss(30, seed=3), 5.0 * hiss(30, seed=4)

    together = masked(network, torch.cat([first, second]))

    torch.testing.assert_close(together[:1], masked(network, first))
