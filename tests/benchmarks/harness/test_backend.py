"""A denoiser of backend "torch" sees tensors, the caller arrays."""

import sys

import numpy as np
import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.backend import choose_precision
from mn_dataset.errors import InputError, MissingExtra, UnknownName

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


MODEL = DenoiserSpec(name="model", learned=True, backend="torch")


def test_a_model_computes_in_what_was_asked_for():
    """By name, whatever the device."""
    assert [
        choose_precision(name, spec=MODEL, device="cpu") for name in ("float32", "bfloat16")
    ] == [
        "float32",
        "bfloat16",
    ]


@pytest.mark.parametrize(("fast", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_takes_the_faster_one(monkeypatch, fast, expected):
    """On the device that is asked about."""
    precision = pytest.importorskip("benchmarks.layers.precision", reason="needs torch")
    monkeypatch.setattr(precision, "is_bfloat16_fast", lambda device: fast)

    assert choose_precision("auto", spec=MODEL, device="cpu") == expected


def test_what_has_no_choice_says_so():
    """A classical denoiser computes in float32, and a typing error is answered."""
    assert load_denoiser("wiener", precision="auto").precision == "float32"
    with pytest.raises(InputError, match="'wiener' is no model"):
        load_denoiser("wiener", precision="bfloat16")
    with pytest.raises(UnknownName, match="did you mean 'bfloat16'"):
        load_denoiser("wiener", precision="bfloat")


def test_the_precision_reaches_the_weights():
    """As a keyword of `load`, where it is not the usual one."""
    heard = []

    class Model:
        spec = MODEL

        def load(self, device, checkpoint, **options):
            heard.append(options)

    AppliedDenoiser(Model(), precision="bfloat16").load()
    AppliedDenoiser(Model()).load()

    assert heard == [{"precision": "bfloat16"}, {}]
