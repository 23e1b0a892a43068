"""Checkpoints of the reference become weights of ours."""

import numpy as np
import pytest
import torch

from benchmarks.harness.apply import load_denoiser
from benchmarks.harness.convert import convert
from benchmarks.layers import weights_file
from benchmarks.models import musicecan
from mn_dataset.errors import InputError, UnknownName


@pytest.fixture
def network():
    return musicecan.MusicEcan().build(widths=[3, 4, 6], num_tfc=2)


@pytest.fixture
def archive(tmp_path, network, arrays_of):
    """What a checkpoint holds: no attention, no frequency code."""
    arrays = arrays_of(network)
    path = tmp_path / "reference.npz"
    left_out = ("s1/eca/kernel", "s1/eca/bias", "freq_emb")
    np.savez(path, **{name: arrays[name] for name in arrays if name not in left_out})
    return path


def test_the_attention_that_is_not_there_is_filled_and_said(archive, tmp_path):
    """In what is returned, and in the file itself."""
    out = tmp_path / "new" / "out.safetensors"

    said = convert("musicecan", archive, out)

    card = weights_file.read_card(out)
    assert "neutral gate" in said
    assert "neutral gate" in card.facts["notes"][0]
    assert len(card.facts["sha256"]) == 64
    assert card.config["widths"] == [3, 4, 6]


def test_attention_that_is_there_is_kept(tmp_path, network, arrays_of):
    """Nothing is filled, and nothing said of it."""
    path, out = tmp_path / "reference.npz", tmp_path / "out.safetensors"
    np.savez(path, **{f"w/{name}": array for name, array in arrays_of(network).items()})

    said = convert("musicecan", path, out)

    again = weights_file.load(out, musicecan.MusicEcan().build, model="musicecan")
    weights, expected = again.state_dict(), network.state_dict()
    assert "neutral" not in said
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_the_ancestor_needs_no_attention(archive, tmp_path):
    """The same checkpoint, nothing filled, and the file can be named at once."""
    out = tmp_path / "out.safetensors"

    said = convert("two_stage_unet", archive, out)
    estimate = load_denoiser(f"two_stage_unet@{out}")(np.ones((1, 1, 500), np.float32), 44_100)

    assert "neutral" not in said
    assert estimate.shape == (1, 1, 500)


def test_what_exists_is_not_overwritten(archive, tmp_path):
    """It may be the work of days."""
    out = tmp_path / "out.safetensors"
    out.write_bytes(b"weights")

    with pytest.raises(InputError, match="exists"):
        convert("musicecan", archive, out)

    assert out.read_bytes() == b"weights"


def test_models_without_a_reference_are_refused(archive, tmp_path):
    """Those that learned nothing, and those nobody knows."""
    with pytest.raises(InputError, match="wiener: has no reference"):
        convert("wiener", archive, tmp_path / "out")
    with pytest.raises(UnknownName, match="did you mean 'musicecan'"):
        convert("musicean", archive, tmp_path / "out")


@pytest.mark.parametrize("content", [None, b"", b"no archive"])
def test_what_is_no_archive_is_named(tmp_path, content):
    """Missing, empty, or something else."""
    path = tmp_path / "broken.npz"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InputError, match=r"broken\.npz: no "):
        convert("musicecan", path, tmp_path / "out")


def test_a_checkpoint_that_is_not_there_is_told_before_anything_else(tmp_path):
    """A mistyped path is no matter of packages."""
    with pytest.raises(InputError, match="no such checkpoint"):
        convert("musicecan", tmp_path / "nothing", tmp_path / "out.safetensors")
