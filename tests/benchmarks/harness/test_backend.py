"""A denoiser of backend "torch" sees tensors, the caller arrays."""

import sys

import numpy as np
import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser
from mn_dataset.errors import MissingExtra

MIXTURE = np.float32([[[0.5, -0.25, 1.5]]])


class Tensors:
    """A fake of backend "torch"."""

    def __init__(self, function, **fields):
        self.spec = DenoiserSpec(name="tensors", backend="torch", **fields)
        self.function = function

    def __call__(self, batch, sampling_rate, *, side=None):
        return self.function(batch, side)


@pytest.mark.parametrize("kind", ["float32", "float64", "bfloat16"])
def test_tensors_go_in_and_arrays_come_out(kind):
    """In any floating type, without gradients."""
    torch = pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    weight = torch.nn.Parameter(torch.tensor(2.0))
    denoiser = AppliedDenoiser(
        Tensors(lambda batch, side: (weight * batch).to(getattr(torch, kind)))
    )

    estimate = denoiser(MIXTURE, 44_100)

    assert estimate.dtype == np.float32
    np.testing.assert_array_equal(estimate, 2 * MIXTURE)


def test_side_information_is_tensors_too():
    """On the same device as the batch."""
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    fake = Tensors(lambda batch, side: batch - side["noise"], needs=frozenset({"noise"}))

    estimate = AppliedDenoiser(fake)(MIXTURE, 44_100, side={"noise": 0.5 * MIXTURE})

    np.testing.assert_array_equal(estimate, 0.5 * MIXTURE)


def test_without_torch_the_cure_is_told(monkeypatch):
    """The message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "torch", None)

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[torch\]'"):
        AppliedDenoiser(Tensors(lambda batch, side: batch))(MIXTURE, 44_100)
