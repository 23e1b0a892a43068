"""The learning rate rises, stays or falls, and depends on the step alone."""

import pytest

from benchmarks.training.config import Optimizer
from benchmarks.training.schedule import learning_rate


def rates(steps, *, decay_steps=100, **fields):
    chosen = Optimizer(learning_rate=2.0, **fields)
    return [learning_rate(step, chosen, decay_steps=decay_steps) for step in steps]


def test_it_rises_linearly_and_stays():
    """The first step moves already."""
    assert rates(range(6), warmup_steps=4) == pytest.approx([0.5, 1.0, 1.5, 2.0, 2.0, 2.0])


def test_the_cosine_falls_to_its_floor_and_stays_there():
    """Half way it is half way."""
    found = rates((0, 10, 55, 100, 1000), warmup_steps=10, schedule="cosine", floor=0.1)

    assert found == pytest.approx([0.2, 2.0, 1.1, 0.2, 0.2])


def test_it_never_rises_after_the_warm_up():
    """However long the run."""
    found = rates(range(5, 300), warmup_steps=5, schedule="cosine", decay_steps=200)

    assert found == sorted(found, reverse=True)
