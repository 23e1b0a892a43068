"""acapella_cnn separates songs of any rate and number of channels, with weights of a file."""

import numpy as np
import pytest
import torch

from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from benchmarks.models.acapella_cnn import AcapellaCnn
from mn_dataset.errors import InputError, UnknownName

TINY = {"widths": [3, 4, 5, 2]}


@pytest.fixture
def separator(tmp_path):
    """An untrained small network, behind the harness."""
    path = tmp_path / "tiny.safetensors"
    weights_file.save(path, AcapellaCnn().build(**TINY, output="mask"), model="acapella_cnn")
    return load_denoiser(f"acapella_cnn@{path}")


def noise(*shape):
    return np.random.default_rng(0).normal(scale=0.1, size=shape).astype(np.float32)


def test_the_config_builds_the_same_network_again():
    """Widths are stored as they came out."""
    network = AcapellaCnn().build(width_multiplier=0.1, output="mask", seed=3)
    again = AcapellaCnn().build(**network.config)

    assert network.config["widths"] == [6, 6, 13, 3]
    assert again.config == network.config
    mine, theirs = network.state_dict(), again.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def test_it_returns_two_targets_of_every_channel(separator):
    """At another rate than its own."""
    estimate = separator(noise(1, 2, 9001), 44_100, num_targets=2)

    assert estimate.shape == (1, 2, 2, 9001)
    assert np.isfinite(estimate).all()


def test_below_its_band_the_targets_are_the_mixture(separator):
    """At its own rate, where the harness resamples nothing."""
    mixture = noise(2, 1, 5000)

    estimate = separator(mixture, 22_050, num_targets=2)

    np.testing.assert_allclose(estimate.sum(axis=1), mixture, atol=1e-6)


def test_scaling_the_mixture_scales_the_estimate(separator):
    """It is brought to a peak of 1, and back."""
    mixture = noise(1, 1, 5000)

    loud, quiet = (separator(gain * mixture, 22_050, num_targets=2) for gain in (4, 1))

    np.testing.assert_allclose(loud, 4 * quiet, atol=1e-5)  # float32


def test_long_songs_are_handed_over_in_pieces(separator):
    """The whole is as long as what came in, and adds up to it across the seams."""
    mixture = noise(1, 1, 10 * 22_050)

    estimate = separator(mixture, 22_050, num_targets=2)

    np.testing.assert_allclose(estimate.sum(axis=1), mixture, atol=1e-5)


def test_what_is_above_its_band_goes_to_the_accompaniment():
    """It declares that, and the harness does it."""
    assert AcapellaCnn.spec.remainder == "accompaniment"


def test_it_has_an_objective_of_its_own():
    """Which training asks for with the tables of losses."""
    model = AcapellaCnn()
    network = model.build(**TINY)
    clean = torch.from_numpy(noise(2, 2, 4000))

    loss = model.objective(network, [{"mse_log": 1.0}])(
        network, {"noisy": clean.sum(dim=1), "clean": clean}
    )

    assert loss.shape == ()
    assert loss.requires_grad


@pytest.mark.parametrize(
    "config",
    [
        {"widths": [4, 4, 8]},
        {"widths": [4, 0, 8, 2]},
        {"widths": [4, 4.5, 8, 2]},
        {"width_multiplier": 0},
        {"width_multiplier": float("inf")},
        {"channels": 3},
        {"iterations": -1},
        {"momentum": 0.0},
        {"momentum": 1.5},
        {"window": 1535},
        {"window": 0},
        {"hop": 0},
        {"hop": 769},
    ],
)
def test_numbers_that_make_no_network_are_refused(config):
    """Before anything is built."""
    with pytest.raises(InputError, match="acapella_cnn: "):
        AcapellaCnn().build(**config)


@pytest.mark.parametrize("config", [{"mixture": "summ"}, {"synthesis": "griffin"}])
def test_unknown_words_are_refused_with_the_nearest(config):
    with pytest.raises(UnknownName, match="did you mean"):
        AcapellaCnn().build(**config)


def test_without_weights_it_says_so():
    """Whoever calls it past the harness."""
    with pytest.raises(InputError, match="acapella_cnn@FILE"):
        AcapellaCnn().load("cpu", None)
    with pytest.raises(InputError, match="call load"):
        AcapellaCnn()(torch.zeros(1, 1, 100), 22_050)
