"""The type of numbers is chosen where there is a choice."""

import pytest

from benchmarks.contract import DenoiserSpec
from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from benchmarks.harness.precision import chosen
from mn_dataset.errors import InputError, UnknownName

MODEL = DenoiserSpec(name="model", learned=True, backend="torch")


def test_a_model_computes_in_what_was_asked_for():
    """By name, whatever the device."""
    assert [chosen(name, spec=MODEL, device="cpu") for name in ("float32", "bfloat16")] == [
        "float32",
        "bfloat16",
    ]


@pytest.mark.parametrize(("fast", "expected"), [(True, "bfloat16"), (False, "float32")])
def test_auto_takes_the_faster_one(monkeypatch, fast, expected):
    """On the device that is asked about."""
    precision = pytest.importorskip("benchmarks.layers.precision", reason="needs torch")
    monkeypatch.setattr(precision, "is_bfloat16_fast", lambda device: fast)

    assert chosen("auto", spec=MODEL, device="cpu") == expected


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
