"""One process may train on one device after another, in one precision after another."""

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.engine import open_engine  # noqa: E402 - once torch is there


def test_precisions_follow_each_other():
    """Nothing of the engine before is left."""
    for precision, kind in (("bfloat16", torch.bfloat16), ("float32", torch.float32)):
        with open_engine("cpu", precision) as engine:
            layer = engine.prepared(torch.nn.Linear(3, 3))
            seen = []
            layer.register_forward_hook(lambda *call, seen=seen: seen.append(call[2].dtype))
            wrapped = layer(torch.ones(1, 3))

            assert wrapped.dtype == torch.float32
            assert layer.weight.dtype == torch.float32
            with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
                assert torch.nn.functional.linear(torch.ones(1, 3), layer.weight).dtype == kind


def test_one_process_is_the_main_one_and_shares_with_nobody():
    """Means, sums and gatherings are its own."""
    with open_engine("cpu", "float32") as engine:
        value = torch.tensor([3.0])

        assert (engine.is_main, engine.rank, engine.processes) == (True, 0, 1)
        assert engine.device.type == "cpu"
        assert engine.mean(value) == engine.total(value) == engine.gathered(value) == value
