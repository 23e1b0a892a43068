from __future__ import annotations

import numpy as np
import pytest
from scipy import linalg

from benchmarks.metrics import selftest
from mn_dataset.errors import MnError


def test_this_machine_computes_what_follows_by_hand():
    """All seven numbers."""
    selftest.check()


@pytest.mark.parametrize(
    ("solver", "metric"), [("solve_toeplitz", "sdr"), ("cho_solve", "sir|sar"), ("lstsq", "si_s")]
)
def test_a_broken_solver_is_named_by_its_metric(monkeypatch, solver, metric):
    """One whose answers are off by a thousandth."""
    genuine = getattr(linalg, solver)

    def broken(*arguments, **options):
        found = genuine(*arguments, **options)
        return (1.001 * found[0], *found[1:]) if isinstance(found, tuple) else 1.001 * found

    monkeypatch.setattr(linalg, solver, broken)
    if solver == "solve_toeplitz":  # or its answer would be put back, found wrong, and replaced
        monkeypatch.setattr(linalg, "matmul_toeplitz", lambda *a, **o: np.asarray(a[1]) / 1.001)

    with pytest.raises(MnError, match=rf"self-test: ({metric})"):
        selftest.check()
