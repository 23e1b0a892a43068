"""MusicECAN is as large as the paper says, plus its attention, and denoises waveforms."""

import numpy as np
import pytest
import torch

from benchmarks import registry
from benchmarks.harness.apply import load_denoiser
from benchmarks.layers import weights_file
from benchmarks.models.musicecan import MusicEcan, MusicEcanSmall
from mn_dataset.errors import InputError

TINY = {"widths": [4, 6, 8], "num_tfc": 2}


def parameters(network):
    return sum(weight.numel() for weight in network.parameters())


@pytest.fixture
def weights(tmp_path):
    """An untrained small network in a file."""
    path = tmp_path / "tiny.safetensors"
    weights_file.save(path, MusicEcan().build(**TINY), model="musicecan")
    return path


def test_it_has_as_many_parameters_as_the_paper_s():
    """Five weights and a bias of channel attention are counted, too."""
    assert parameters(MusicEcan().build()) == 71_408_202


def test_the_small_one_has_a_quarter_of_the_widths():
    """A sixteenth of the parameters, about."""
    small, quarter = MusicEcanSmall().build(), MusicEcan().build(width_multiplier=0.25)

    assert small.config == quarter.config
    assert parameters(small) == 4_474_074


def test_the_config_builds_the_same_network_again():
    """Widths are stored as they came out."""
    network = MusicEcan().build(width_multiplier=0.1, depth=4, num_tfc=2, bins=65, seed=7)
    again = MusicEcan().build(**network.config)

    assert network.config["widths"] == [3, 6, 6, 13, 13]
    assert again.config == network.config
    mine, theirs = network.state_dict(), again.state_dict()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


@pytest.mark.parametrize(
    "config",
    [
        {"depth": 7},
        {"depth": 0},
        {"widths": [4]},
        {"widths": [4, 0]},
        {"widths": [4, 4.5]},
        {"width_multiplier": 0},
        {"width_multiplier": float("nan")},
        {"input_rms": 0.0},
        {"input_rms": -1.0},
        {"input_rms": float("nan")},
        {"num_tfc": 0},
        {"bins": 1},
    ],
)
def test_numbers_that_make_no_network_are_refused(config):
    """Before anything is built."""
    with pytest.raises(InputError, match="musicecan: "):
        MusicEcan().build(**config)


def test_a_misspelt_keyword_fails():
    """Nothing is passed through."""
    with pytest.raises(TypeError, match="dept"):
        MusicEcan().build(dept=3)


def test_listing_it_needs_no_torch():
    """The registry reads the source."""
    names = {"musicecan", "musicecan_small"}

    assert names <= registry.denoisers().keys()


def test_it_denoises_with_the_weights_of_a_file(weights):
    """Any length, stereo, and the same again."""
    denoiser = load_denoiser(f"musicecan@{weights}")
    batch = np.random.default_rng(0).normal(scale=0.1, size=(1, 2, 3001)).astype(np.float32)

    estimate = denoiser(batch, 44_100)

    assert estimate.shape == batch.shape
    assert np.isfinite(estimate).all()
    np.testing.assert_array_equal(denoiser(batch, 44_100), estimate)


def test_scaling_the_mixture_scales_the_estimate(weights):
    """The network sees every mixture at one level."""
    denoiser = load_denoiser(f"musicecan@{weights}")
    batch = np.random.default_rng(0).normal(scale=0.1, size=(1, 1, 5000)).astype(np.float32)

    loud, quiet = denoiser(4 * batch, 44_100), denoiser(batch, 44_100)

    np.testing.assert_allclose(loud, 4 * quiet, atol=1e-5)  # float32 of a few thousandths


def test_bfloat16_is_asked_for_by_name(weights):
    """The answer is float32 all the same, and not quite that of float32."""
    batch = torch.randn(1, 1, 5000, generator=torch.Generator().manual_seed(0))
    answers = []
    for precision in ("float32", "bfloat16"):
        model = MusicEcan()
        model.load("cpu", weights, precision=precision)
        with torch.inference_mode():
            answers.append(model(batch, 44_100))

    assert answers[1].dtype == torch.float32
    assert 0 < float((answers[0] - answers[1]).square().mean()) < 1e-2


def test_without_weights_it_says_so():
    """Whoever calls it past the harness."""
    with pytest.raises(InputError, match="musicecan@FILE"):
        MusicEcan().load("cpu", None)
    with pytest.raises(InputError, match="call load"):
        MusicEcan()(torch.zeros(1, 1, 100), 44_100)


def test_spectra_of_other_bins_are_refused():
    """A network of 513 bins cannot hear a window of 2048 samples."""
    network = MusicEcan().build(**TINY, bins=513)

    with pytest.raises(InputError, match="have 1025 bins; the network has 513"):
        network(torch.zeros(1, 2, 8, 1025))


def test_a_file_that_promises_a_giant_is_refused_before_it_is_built(tmp_path):
    """A few bytes of config could ask for all memory there is."""
    network = MusicEcan().build(**TINY)
    network.config = network.config | {"widths": [50_000, 50_000]}
    path = tmp_path / "giant.safetensors"
    weights_file.save(path, network, model="musicecan")

    with pytest.raises(InputError, match="do not fit its own config"):
        weights_file.load(path, MusicEcan().build, model="musicecan")
