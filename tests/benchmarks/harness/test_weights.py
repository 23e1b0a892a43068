"""Weights are those that were named, or those that ship, or a command to type."""

import hashlib
import re

import pytest

from benchmarks import registry
from benchmarks.contract import DenoiserSpec
from benchmarks.harness import weights
from benchmarks.harness.load import revision_of
from benchmarks.harness.weights import shipped_weights, weights_of
from benchmarks.registry import Entry
from mn_dataset.errors import InputError

LEARNED = DenoiserSpec(name="net", learned=True)


def test_a_denoiser_without_weights_needs_none():
    """And is refused any."""
    spec = DenoiserSpec(name="half")

    assert weights_of(spec, None) is None
    with pytest.raises(InputError, match="'half' has no weights to load"):
        weights_of(spec, registry.split_checkpoint("half@run")[1])


def test_a_learned_one_without_weights_names_the_command():
    """What to type, and what to name afterwards."""
    command = re.escape("`mn train net --data CORPUS --out RUN` and name it net@RUN")

    with pytest.raises(InputError, match=command):
        weights_of(LEARNED, None)


def test_a_run_folder_stands_for_its_weights(tmp_path):
    """So does the file itself."""
    file = tmp_path / "weights.safetensors"
    file.touch()

    assert weights_of(LEARNED, tmp_path) == weights_of(LEARNED, file) == file


@pytest.mark.parametrize("name", ["", "none.safetensors"])
def test_a_checkpoint_that_is_not_there_is_named(tmp_path, name):
    """A run that was never trained, and a mistyped file."""
    with pytest.raises(InputError, match=rf"net@{re.escape(str(tmp_path / name))}: no "):
        weights_of(LEARNED, tmp_path / name)


def test_weights_that_ship_are_found_by_the_models_name(tmp_path, monkeypatch):
    """One file in the folder of weights."""
    monkeypatch.setattr(weights, "SHIPPED", tmp_path)
    (tmp_path / "net.safetensors").touch()

    assert shipped_weights(LEARNED) == weights_of(LEARNED, None) == tmp_path / "net.safetensors"
    assert shipped_weights(DenoiserSpec(name="net")) is None


def test_two_checkpoints_of_a_model_are_two_rows(tmp_path):
    """A row is called by its run or its file, wherever it stands."""
    (tmp_path / "runs" / "v1.5").mkdir(parents=True)

    assert weights.label("net", tmp_path / "runs" / "v1.5") == "net@v1.5"
    assert weights.label("net", tmp_path / "best.safetensors") == "net@best"


def test_the_revision_is_the_hash_of_the_weights(tmp_path):
    """The same weights are the same denoiser."""
    file = tmp_path / "weights.safetensors"
    file.write_bytes(b"numbers")

    revision = revision_of(Entry("net", "", "Net"), LEARNED, weights=file)

    assert revision == hashlib.sha256(b"numbers").hexdigest()


def test_a_persons_own_code_counts_beside_its_weights(tmp_path):
    """An edited file is another revision, whatever weights it loads."""
    file, own = tmp_path / "weights.safetensors", tmp_path / "own.py"
    file.write_bytes(b"numbers")
    entry = Entry("own", str(own), "Net")

    own.write_bytes(b"# one")
    first = revision_of(entry, LEARNED, weights=file)
    own.write_bytes(b"# two")

    assert revision_of(entry, LEARNED, weights=file) != first
