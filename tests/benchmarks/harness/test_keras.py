"""A person's own copy of acapellabot's weights becomes weights of ours, or is refused by name."""

import sys

import numpy as np
import pytest
import torch

from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.convert import convert
from benchmarks.layers import weights_file
from benchmarks.models.acapella_cnn import AcapellaCnn
from mn_dataset.errors import InputError, MissingExtra

CONVOLUTIONS = {
    "conv2d_1": (3, 1, 64),
    "conv2d_2": (4, 64, 64),
    "conv2d_3": (3, 64, 64),
    "conv2d_4": (4, 64, 64),
    "conv2d_5": (3, 64, 128),
    "conv2d_6": (3, 128, 128),
    "conv2d_7": (3, 192, 64),
    "conv2d_8": (3, 64, 64),
    "conv2d_9": (3, 128, 64),
    "conv2d_10": (3, 64, 64),
    "conv2d_11": (3, 64, 32),
    "conv2d_12": (3, 32, 1),
}
"""Kernel, inputs and outputs of the published file."""
WITHOUT_BIAS = ("conv2d_2", "conv2d_4", "conv2d_6", "conv2d_8")
NORMS = {1: 64, 2: 64, 3: 128, 4: 64}
EMPTY = ("input_1", "up_sampling2d_1", "concatenate_1")


@pytest.fixture(scope="module")
def h5py():
    return pytest.importorskip("h5py", reason="the extra `keras` is not installed")


@pytest.fixture(scope="module")
def arrays():
    """The arrays of a file, in Keras's layout, by their place below the layer's group."""
    rng = np.random.default_rng(0)
    made = {}
    for layer, (kernel, inputs, outputs) in CONVOLUTIONS.items():
        shape = (kernel, kernel, inputs, outputs)
        made[f"{layer}/kernel"] = rng.normal(scale=0.05, size=shape)
        if layer not in WITHOUT_BIAS:
            made[f"{layer}/bias"] = rng.normal(scale=0.05, size=outputs)
    for number, width in NORMS.items():
        for name in ("gamma", "beta", "moving_mean", "moving_variance"):
            made[f"batch_normalization_{number}/{name}"] = rng.uniform(0.5, 1.5, size=width)
    return {name: array.astype(np.float32) for name, array in made.items()}


@pytest.fixture
def written(tmp_path, h5py):
    """Return a function that writes such a file."""

    def write(arrays, *, backend="theano", promised=()):
        path = tmp_path / "weights.h5"
        layers = list(dict.fromkeys(name.split("/")[0] for name in arrays))
        with h5py.File(path, "w") as file:
            file.attrs["keras_version"] = np.bytes_("2.0.2")
            file.attrs["layer_names"] = [name.encode() for name in (*EMPTY, *layers, *promised)]
            if backend is not None:
                file.attrs["backend"] = np.bytes_(backend)
            for layer in (*EMPTY, *layers):
                file.create_group(layer)
            for name, array in arrays.items():
                layer, kind = name.split("/")
                file[layer].create_dataset(f"{layer}/{kind}", data=array)
        return path

    return write


@pytest.fixture
def network(written, arrays, tmp_path):
    """The network that was converted."""
    out = tmp_path / "out.safetensors"
    convert("acapella_cnn", written(arrays), out)
    return weights_file.load(out, AcapellaCnn().build, model="acapella_cnn")


def true_convolution(image, kernel, row, column):
    """Return one value of a convolution: the kernel runs backwards over the image.

    Args:
        image: (rows, columns, inputs), of which what lies outside is zero.
        kernel: (rows, columns, inputs, outputs), as Keras stores it.
        row: Of the image, under the kernel's first row.
        column: The same of columns.
    """
    total = np.zeros(kernel.shape[-1])
    for i in range(kernel.shape[0]):
        for j in range(kernel.shape[1]):
            at = row - i, column - j
            if 0 <= at[0] < image.shape[0] and 0 <= at[1] < image.shape[1]:
                total += image[at] @ kernel[i, j]
    return total


def test_the_first_layer_is_a_true_convolution(network, arrays):
    """By hand: 'half' padding of a 3 x 3 kernel puts its middle on the value."""
    image = np.random.default_rng(1).normal(size=(6, 5, 1))
    kernel, bias = arrays["conv2d_1/kernel"], arrays["conv2d_1/bias"]

    with torch.inference_mode():
        given = torch.from_numpy(image.transpose(2, 0, 1)[None]).float()
        found = network.convolutions[0](given)[0].numpy()

    for row in range(6):
        for column in range(5):
            expected = true_convolution(image, kernel, row + 1, column + 1) + bias
            np.testing.assert_allclose(found[:, row, column], expected, atol=1e-5)


def test_the_strided_layer_is_a_true_convolution_of_theano_s_half_padding(network, arrays):
    """By hand: value n has the kernel's last line on line 2 n - 2 of the image, and is cropped."""
    image = np.random.default_rng(2).normal(size=(8, 12, 64))
    kernel = arrays["conv2d_2/kernel"]

    with torch.inference_mode():
        given = torch.from_numpy(image.transpose(2, 0, 1)[None]).float()
        found = network.strided(1, given)[0].numpy()

    assert found.shape == (64, 4, 6)
    for row in range(4):
        for column in range(6):
            # Padded by 2, the kernel's 4 lines cover 2 n - 2 to 2 n + 1; turned, it begins there.
            expected = true_convolution(image, kernel, 2 * row + 1, 2 * column + 1)
            np.testing.assert_allclose(found[:, row, column], expected, atol=1e-4)


def test_norms_and_biases_are_where_they_belong(network, arrays):
    """Bit for bit."""
    for number in NORMS:
        norm, name = network.normalisations[number - 1], f"batch_normalization_{number}"
        for own, theirs in (
            (norm.weight, "gamma"),
            (norm.bias, "beta"),
            (norm.running_mean, "moving_mean"),
            (norm.running_var, "moving_variance"),
        ):
            np.testing.assert_array_equal(own.detach().numpy(), arrays[f"{name}/{theirs}"])
    last = network.convolutions[11].bias.detach().numpy()
    np.testing.assert_array_equal(last, arrays["conv2d_12/bias"])


def test_the_file_can_be_named_at_once_and_says_whose_it_is(written, arrays, tmp_path):
    """Nobody licensed these weights; the report and the file say so."""
    out = tmp_path / "out.safetensors"

    said = convert("acapella_cnn", written(arrays), out)
    mixture = np.ones((1, 1, 3000), np.float32)
    estimate = load_denoiser(f"acapella_cnn@{out}")(mixture, 22_050, num_targets=2)

    card = weights_file.read_card(out)
    assert "667,585 parameters" in said
    assert "carries no licence" in said
    assert "carries no licence" in card.facts["notes"][0]
    assert len(card.facts["sha256"]) == 64
    assert card.config["mixture"] == "maximum"
    assert estimate.shape == (1, 2, 1, 3000)


def refused(path, tmp_path, match):
    with pytest.raises(InputError, match=match):
        convert("acapella_cnn", path, tmp_path / "out.safetensors")
    assert not (tmp_path / "out.safetensors").exists()


def test_a_missing_array_is_named(written, arrays, tmp_path):
    """And one that is too much."""
    less = {name: array for name, array in arrays.items() if name != "conv2d_7/bias"}
    refused(written(less), tmp_path, r"weights\.h5: .*missing: conv2d_7/bias")
    more = {**arrays, "conv2d_13/kernel": np.zeros((3, 3, 1, 1), np.float32)}
    refused(written(more), tmp_path, r"unknown: conv2d_13/kernel")


def test_a_missing_group_is_named(written, arrays, tmp_path):
    """Whether the file promises it or not."""
    refused(written(arrays, promised=["dense_1"]), tmp_path, "the group 'dense_1' is missing")
    less = {name: array for name, array in arrays.items() if "batch_normalization_4" not in name}
    refused(written(less), tmp_path, "missing: batch_normalization_4/gamma")


def test_a_wrong_shape_is_named(written, arrays, tmp_path):
    """With the expected one."""
    wrong = {**arrays, "conv2d_9/kernel": np.zeros((3, 3, 64, 64), np.float32)}
    refused(
        written(wrong),
        tmp_path,
        r"conv2d_9/kernel has the shape \(3, 3, 64, 64\), expected \(3, 3, 128, 64\)",
    )


def test_another_backend_is_refused_with_the_reason(written, arrays, tmp_path):
    """Its kernels are correlations, and its padding is another."""
    refused(
        written(arrays, backend="tensorflow"),
        tmp_path,
        "backend 'tensorflow', expected 'theano': others correlate .* pad",
    )
    refused(written(arrays, backend=None), tmp_path, "backend 'no backend'")


def test_an_hdf5_file_of_others_is_refused(h5py, tmp_path):
    """It names no layers."""
    path = tmp_path / "other.h5"
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(3)

    refused(path, tmp_path, r"other\.h5: an HDF5 file, but not of Keras")


@pytest.mark.parametrize("content", [b"", b"not a file of numbers"])
def test_what_is_no_hdf5_is_refused(h5py, tmp_path, content):
    """A text, or nothing."""
    path = tmp_path / "weights.h5"
    path.write_bytes(content)

    refused(path, tmp_path, r"weights\.h5: no HDF5 file")


def test_a_damaged_hdf5_file_is_refused(written, arrays, tmp_path):
    """Its first bytes are there, its last ones are not."""
    path = written(arrays)
    path.write_bytes(path.read_bytes()[:2000])

    refused(path, tmp_path, "damaged HDF5 file")


def test_a_file_that_is_not_there_is_told_before_anything_else(tmp_path):
    """A mistyped path is no matter of packages."""
    refused(tmp_path / "nothing.h5", tmp_path, r"nothing\.h5: no such file")


def test_without_h5py_the_extra_is_named(tmp_path, monkeypatch):
    """Nothing else would help."""
    path = tmp_path / "weights.h5"
    path.write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "h5py", None)

    with pytest.raises(MissingExtra, match=r"mn-dataset\[keras\]"):
        convert("acapella_cnn", path, tmp_path / "out.safetensors")
