"""What cannot be written is told by name, with what to do."""

import pytest

safetensors = pytest.importorskip("safetensors", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.writing import written  # noqa: E402 - once safetensors is there
from mn_dataset.errors import InputError, OutputError  # noqa: E402


@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), safetensors.SafetensorError("No space left")]
)
def test_the_place_the_fault_and_the_cure_are_named(tmp_path, error):
    """Whether the system says it, or safetensors for it."""
    with (
        pytest.raises(OutputError, match=r"run: cannot be written \(No space left.*--out"),
        written(tmp_path / "run"),
    ):
        raise error


def test_other_errors_pass():
    """They are nobody's disk."""
    with pytest.raises(InputError, match="mine"), written("run"):
        raise InputError("mine")
