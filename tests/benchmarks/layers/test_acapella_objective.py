"""Training sees the features that are named, and inference leaves nothing of the mixture out."""

import numpy as np
import pytest
import torch

from benchmarks.layers.acapella_objective import LOSSES, SYNTHESES, objective
from benchmarks.models.acapella_cnn import AcapellaCnn
from mn_dataset.errors import InputError, UnknownName

TINY = {"widths": [3, 4, 5, 2], "window": 64, "hop": 16}
LENGTH = 1000


def built(**options):
    network = AcapellaCnn().build(**TINY, **options)
    return network, network.config


def targets(channels=None, seed=0):
    """Return voice and accompaniment, (2, 2, time), or with channels before the time."""
    shape = (2, 2, LENGTH) if channels is None else (2, 2, channels, LENGTH)
    return 0.1 * torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def batch_of(clean):
    return {"noisy": clean.sum(dim=1), "clean": clean}


class Ear:
    """A network that remembers what it was given, and returns it."""

    def __call__(self, features):
        self.features = features
        return features


def test_the_sum_shows_the_waveforms_mixture_at_a_peak_of_1():
    """log(1 + |S|) of it."""
    _, config = built(mixture="sum")
    ear, aim, clean = Ear(), objective(config, [{"mse_log": 1.0}]), targets()
    mixture = clean.sum(dim=1)

    aim(ear, batch_of(clean))

    scaled = mixture / mixture.abs().amax(dim=1, keepdim=True)
    torch.testing.assert_close(ear.features[:, 0], aim.transform.forward(scaled).abs().log1p())


def test_the_maximum_shows_the_larger_one_of_both_targets():
    """At the level of the mixture, bin by bin, as in the original."""
    _, config = built(mixture="maximum")
    ear, aim, clean = Ear(), objective(config, [{"mse_log": 1.0}]), targets()
    peak = clean.sum(dim=1).abs().amax(dim=1)[:, None, None]

    aim(ear, batch_of(clean))

    logs = aim.transform.forward(clean / peak).abs().log1p()
    torch.testing.assert_close(ear.features[:, 0], torch.maximum(logs[:, 0], logs[:, 1]))


def test_the_original_s_loss_is_the_mean_square_of_logarithms():
    """Of the voice alone."""
    _, config = built()
    aim, clean = objective(config, [{"mse_log": 2.0}]), targets()
    peak = clean.sum(dim=1).abs().amax(dim=1)[:, None, None]

    loss = aim(torch.zeros_like, batch_of(clean))

    voice = aim.transform.forward(clean / peak)[:, 0].abs().log1p()
    torch.testing.assert_close(loss, 2 * voice.square().mean())


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_every_loss_is_finite_and_teaches(name):
    """Its gradient reaches the first convolution, of silence, too."""
    for output in ("log_magnitude", "mask"):
        network, config = built(output=output)
        for clean in (targets(), torch.zeros(2, 2, LENGTH)):
            network.zero_grad()
            loss = objective(config, [{name: 1.0}])(network, batch_of(clean))
            loss.backward()

            gradient = network.convolutions[0].weight.grad
            assert torch.isfinite(loss)
            assert torch.isfinite(gradient).all()
            assert gradient.any() == clean.any()


def test_the_snr_is_that_of_the_waveform():
    """A network that returns the mixture has the voice's ratio to the accompaniment, negated."""
    _, config = built()
    clean = targets()

    loss = objective(config, [{"snr": 1.0}])(lambda features: features, batch_of(clean))

    ratios = 10 * torch.log10(clean[:, 0].square().mean(-1) / clean[:, 1].square().mean(-1))
    torch.testing.assert_close(loss, -ratios.mean(), rtol=0, atol=1e-4)


@pytest.mark.parametrize("synthesis", SYNTHESES)
@pytest.mark.parametrize("output", ["log_magnitude", "mask"])
def test_voice_and_accompaniment_are_the_mixture(synthesis, output):
    """Whatever becomes of the voice, and whatever its phase."""
    network, config = built(synthesis=synthesis, output=output, iterations=2)
    mixture = targets().sum(dim=1)

    estimates = objective(config, ()).estimate(network.eval(), mixture)

    assert estimates.shape == (2, 2, LENGTH)
    torch.testing.assert_close(estimates.sum(dim=1), mixture)


def test_the_voice_is_held_at_the_mixture():
    """A network that shouts returns no more than what it was given."""
    _, config = built()
    mixture = targets().sum(dim=1)

    estimates = objective(config, ()).estimate(lambda features: features + 50.0, mixture)

    torch.testing.assert_close(estimates[:, 0], mixture, rtol=0, atol=1e-5)


def test_the_phases_differ_and_the_random_one_repeats():
    """Three ways, three voices; the same voice again."""
    network, config = built(output="mask")
    mixture = targets().sum(dim=1)

    def voice(synthesis):
        aim = objective({**config, "synthesis": synthesis}, ())
        return aim.estimate(network.eval(), mixture)[:, 0]

    voices = [voice(synthesis) for synthesis in SYNTHESES]

    assert not any(torch.allclose(voices[n], voices[n - 1], atol=1e-4) for n in range(3))
    assert torch.equal(voice("griffin_lim_random"), voices[2])


def test_a_network_of_one_channel_hears_each_for_itself():
    """At the peak of each."""
    network, config = built()
    mixture = targets(channels=2).sum(dim=1)
    aim = objective(config, ())

    both = aim.estimate(network.eval(), mixture)

    apart = torch.stack([aim.estimate(network, mixture[:, n]) for n in range(2)], dim=2)
    torch.testing.assert_close(both, apart)


def test_a_network_of_two_channels_takes_mono_twice():
    """In training as in inference; the mean of both answers is the voice."""
    network, config = built(channels=2)
    clean = targets()
    mixture = clean.sum(dim=1)
    aim = objective(config, [{"mse_log": 1.0}])

    flat, mono = aim.estimate(network.eval(), mixture), aim.estimate(network, mixture[:, None])

    assert flat.shape == (2, 2, LENGTH)
    torch.testing.assert_close(mono[:, :, 0], flat)
    twice = clean[:, :, None].expand(-1, -1, 2, -1)
    torch.testing.assert_close(aim(network, batch_of(clean)), aim(network, batch_of(twice)))


def test_a_network_of_two_channels_refuses_more():
    network, config = built(channels=2)

    with pytest.raises(InputError, match="has 3 channels; expected 1 or 2"):
        objective(config, ()).estimate(network, torch.zeros(1, 3, LENGTH))


def test_silence_stays_silence():
    network, config = built(output="mask")

    assert not objective(config, ()).estimate(network.eval(), torch.zeros(1, LENGTH)).any()


def test_weights_that_make_no_loss_are_refused():
    """By name where a name is wrong."""
    _, config = built()
    with pytest.raises(UnknownName, match="did you mean 'mse_log'"):
        objective(config, [{"mse_lgo": 1.0}])
    with pytest.raises(InputError, match="2 tables, and the network gives one output"):
        objective(config, [{"mse_log": 1.0}] * 2)
    for table in ({}, {"mae": 0.0}, {"mae": -1.0, "snr": 2.0}):
        with pytest.raises(InputError, match="some above 0, none below"):
            objective(config, [table])
    with pytest.raises(ValueError, match="no loss"):
        objective(config, ())(Ear(), batch_of(targets()))
    assert np.isclose(objective(config, [{"mae": 0.5, "snr": 0.0}]).weights["mae"], 0.5)
