"""Variables of TensorFlow checkpoints are known by the attributes of the published code."""

import sys

import numpy as np
import pytest

from benchmarks.layers import tensorflow_checkpoint
from mn_dataset.errors import InputError, MissingExtra

VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


@pytest.mark.parametrize("prefix", ["", "layer_with_weights-0/", "model/layer-1/"])
@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("conv2d_1", "s1/conv_in"),
        ("conv2d_2", "s2/conv_in"),
        ("encoder_s1/eblocks/0/conv2d_2", "s1/enc/0/down"),
        ("encoder_s2/eblocks/3/i_block/tfc/H/2", "s2/enc/3/iblock/tfc/2"),
        ("encoder_s2/eblocks/3/i_block/conv2d_res", "s2/enc/3/iblock/res"),
        ("encoder_s1/i_block/tfc/H/1", "s1/mid/tfc/1"),
        ("encoder_s1/i_block/conv2d_res", "s1/mid/res"),
        ("decoder_s1/dblocks/0/i_block/tfc/H/0", "s1/dec/0/iblock/tfc/0"),
        ("decoder_s2/dblocks/5/i_block/conv2d_res", "s2/dec/5/iblock/res"),
        ("decoder_s2/dblocks/5/tconv_1", "s2/dec/5/tconv"),
        ("decoder_s1/dblocks/2/projection", "s1/dec/2/proj"),
        ("sam_1/conv1", "sam/feat"),
        ("sam_1/conv2", "sam/resid"),
        ("sam_1/conv3", "sam/mask"),
        ("finalblock/conv2", "s2/out"),
    ],
)
def test_every_place_has_its_name(prefix, place, name):
    """Below any prefix, for kernels and biases."""
    for kind in ("kernel", "bias"):
        assert (
            tensorflow_checkpoint.reference_name(f"{prefix}{place}/{kind}/{VALUE}")
            == f"{name}/{kind}"
        )


@pytest.mark.parametrize(
    "key",
    [
        f"save_counter/{VALUE}",
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        f"optimizer/learning_rate/{VALUE}",
        f"layer_with_weights-0/conv2d_1/kernel/.OPTIMIZER_SLOT/optimizer/m/{VALUE}",
    ],
)
def test_what_is_no_weight_is_left_out(key):
    """Counters, and what an optimiser keeps."""
    assert tensorflow_checkpoint.reference_name(key) is None


def test_a_weight_at_an_unknown_place_is_named():
    """Another network's checkpoint."""
    with pytest.raises(InputError, match="layer-3/dense/kernel: no layer of MusicECAN"):
        tensorflow_checkpoint.reference_name(f"layer-3/dense/kernel/{VALUE}")


class Reader:
    """What tensorflow hands out for a checkpoint of two weights and a counter."""

    def get_variable_to_shape_map(self):
        weights = {f"net/finalblock/conv2/{kind}/{VALUE}": [2] for kind in ("kernel", "bias")}
        return {**weights, f"save_counter/{VALUE}": []}

    def get_tensor(self, key):
        return np.ones(2)


@pytest.mark.parametrize("name", ["ckpt-1", "ckpt-1.index", "ckpt-1.data-00000-of-00001"])
def test_any_file_of_a_checkpoint_names_it(monkeypatch, tmp_path, name):
    """tensorflow is asked for the prefix."""
    asked = []

    class Tensorflow:
        class train:  # noqa: N801 (as it is called there)
            @staticmethod
            def load_checkpoint(prefix):
                asked.append(prefix)
                return Reader()

    monkeypatch.setitem(sys.modules, "tensorflow", Tensorflow)

    found = tensorflow_checkpoint.read(tmp_path / name)

    assert asked == [str(tmp_path / "ckpt-1")]
    assert found.keys() == {"s2/out/kernel", "s2/out/bias"}


def test_without_tensorflow_the_extra_is_named(monkeypatch, tmp_path):
    """It is large, and in no other extra."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)

    with pytest.raises(MissingExtra, match=r"mn-dataset\[convert\]"):
        tensorflow_checkpoint.read(tmp_path / "ckpt-1")
