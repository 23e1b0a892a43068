"""Arrays that are not those of the reference are named."""

import numpy as np
import pytest
import torch

from benchmarks.layers.tensorflow_weights import neutral_attention
from benchmarks.models import musicecan
from mn_dataset.errors import InputError


@pytest.fixture
def arrays(arrays_of):
    """Those of a small network, with its frequency code."""
    network = musicecan.MusicEcan().build(widths=[3, 4, 4, 6], num_tfc=2, bins=33, seed=5)
    return arrays_of(network)


def test_shapes_tell_everything(arrays):
    """Widths, depth, dense convolutions and bins; no level, which no array tells."""
    config = musicecan.from_tensorflow(arrays).config

    wanted = {"widths": [3, 4, 4, 6], "num_tfc": 2, "bins": 33, "input_rms": None}
    assert wanted.items() <= config.items()


def test_what_was_stored_comes_back(arrays, arrays_of):
    """Each array at its place."""
    again = arrays_of(musicecan.from_tensorflow(arrays))

    assert again.keys() == arrays.keys()
    assert all(np.array_equal(again[name], arrays[name]) for name in arrays)


def test_without_a_frequency_code_there_are_1025_bins(arrays):
    """Those of the reference."""
    del arrays["freq_emb"]

    assert musicecan.from_tensorflow(arrays).config["bins"] == 1025


def test_a_frequency_code_that_is_given_is_taken(arrays):
    """As it is."""
    arrays["freq_emb"] = arrays["freq_emb"] + np.float32(0.25)

    code = musicecan.from_tensorflow(arrays).state_dict()["code"]

    assert np.array_equal(code, arrays["freq_emb"])


@pytest.mark.parametrize("name", ["s1/eca/bias", "s2/out/kernel", "s2/dec/1/iblock/res/bias"])
def test_a_missing_array_is_named(arrays, name):
    """By the reference's name."""
    del arrays[name]

    with pytest.raises(InputError, match=f"missing: {name}"):
        musicecan.from_tensorflow(arrays)


def test_arrays_that_tell_no_width_are_refused():
    """Such as none at all."""
    with pytest.raises(InputError, match="no s1/conv_in/kernel"):
        musicecan.from_tensorflow({})


def test_an_unknown_array_is_named(arrays):
    """With the nearest known one."""
    arrays["s2/eca/kernel"] = arrays["s1/eca/kernel"]

    with pytest.raises(InputError, match="unknown: s2/eca/kernel"):
        musicecan.from_tensorflow(arrays)


def test_an_array_of_another_shape_is_named(arrays):
    """With both shapes, in the reference's order of axes."""
    arrays["s2/dec/0/tconv/kernel"] = np.zeros((4, 4, 4, 3), np.float32)

    with pytest.raises(InputError, match=r"tconv/kernel is \(4, 4, 4, 3\), expected \(4, 4, 3, 4"):
        musicecan.from_tensorflow(arrays)


@pytest.mark.parametrize("name", ["s1/conv_in/kernel", "s1/enc/1/down/kernel", "freq_emb"])
def test_an_array_without_axes_is_named(arrays, name):
    """Where widths and bins are read from its shape."""
    arrays[name] = np.zeros(())

    with pytest.raises(InputError, match=rf"{name} is \(\)"):
        musicecan.from_tensorflow(arrays)


def test_a_code_in_double_precision_makes_no_double_network(arrays):
    """Weights decide."""
    arrays["freq_emb"] = arrays["freq_emb"].astype(np.float64)

    assert musicecan.from_tensorflow(arrays).state_dict()["code"].dtype == torch.float32


def test_double_precision_is_kept(arrays):
    """One such array is enough."""
    arrays["s2/out/bias"] = arrays["s2/out/bias"].astype(np.float64)

    kinds = {weight.dtype for weight in musicecan.from_tensorflow(arrays).parameters()}

    assert kinds == {torch.float64}


def test_neutral_attention_fits(arrays):
    """Two arrays that make the network whole."""
    del arrays["s1/eca/kernel"], arrays["s1/eca/bias"]

    network = musicecan.from_tensorflow({**arrays, **neutral_attention(arrays)})

    assert not network.state_dict()["stage_1.attention.weight"].any()
