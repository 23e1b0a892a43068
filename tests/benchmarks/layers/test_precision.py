"""bfloat16 is used where a device has instructions for it."""

import pytest
import torch

from benchmarks.layers import precision
from mn_dataset.errors import UnknownName


@pytest.mark.parametrize(
    ("has", "gain", "expected"),
    [
        ((), 3.0, False),
        (("_is_amx_tile_supported",), 0.5, True),
        (("_is_avx512_bf16_supported",), 2.9, True),
        (("_is_avx512_bf16_supported",), 0.5, False),
        (("_is_avx512_supported",), 3.0, False),
    ],
)
def test_a_cpu_is_asked_for_its_instructions(monkeypatch, has, gain, expected):
    """AMX is enough, AVX512_BF16 if it is quicker, too; wide vectors alone are not."""
    monkeypatch.setattr(precision, "_gain", lambda: gain)
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported", "_is_avx512_supported"):
        monkeypatch.setattr(torch.cpu, name, lambda name=name: name in has, raising=False)

    assert precision.is_bfloat16_fast("cpu") is expected


def test_the_processor_is_timed():
    """In both types, once."""
    assert precision._gain() == precision._gain() > 0


def test_a_torch_that_cannot_be_asked_says_no(monkeypatch):
    """The questions are younger than the oldest torch that is supported."""
    for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, name, raising=False)

    assert not precision.is_bfloat16_fast("cpu")


def test_an_unknown_precision_is_named():
    """With the nearest."""
    with pytest.raises(UnknownName, match="did you mean 'bfloat16'"):
        precision.number_type("bfloat")
