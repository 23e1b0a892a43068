"""Ask every device that is at hand, and a CPU for what it leaves to others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.metrics.batched import score


@pytest.fixture(params=["cpu", "cuda"])
def device(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A device of torch; a CPU computes like the others, where it would take pairs one by one."""
    torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")
    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("no GPU that torch can use is at hand")
    monkeypatch.setattr(score, "ONE_BY_ONE", frozenset())
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # on a busy machine threads wait for each other
    yield str(request.param)
    torch.set_num_threads(threads)
