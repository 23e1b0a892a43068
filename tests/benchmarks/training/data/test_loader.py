"""What a step gets follows from its number, whoever mixes it and wherever it begins."""

from itertools import islice

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config import Data, Validation  # noqa: E402
from benchmarks.training.data.corpus import CorpusMaterial  # noqa: E402
from benchmarks.training.data.loader import Plan, plan_of, steps  # noqa: E402 - once torch is there
from mn_dataset.errors import InputError  # noqa: E402


@pytest.fixture
def material(tiny):
    data = Data(segment_s=0.3, batch=2, items_per_epoch=7)
    return CorpusMaterial(tiny, data, Validation(mixtures=2, seconds=0.3), seed=0)


def waves(found, count):
    return [[part["noisy"].numpy() for part in parts] for parts in islice(found, count)]


def test_an_epoch_takes_every_item_at_most_once_in_its_own_order():
    """The rest that fills no batch is left to another epoch's order."""
    plan = Plan(0, num_items=11, batch=2)
    epochs = [
        [place for step in range(5 * epoch, 5 * epoch + 5) for place in plan.places(step)]
        for epoch in range(3)
    ]

    for number, places in enumerate(epochs):
        assert {epoch for epoch, _ in places} == {number}
        assert len({index for _, index in places}) == 10
    assert len({tuple(index for _, index in places) for places in epochs}) == 3


def test_a_run_that_begins_later_gets_the_same_batches(material):
    """In the middle of an epoch, and across its end."""
    plan = Plan(0, material.num_items, batch=2)
    whole = waves(steps(material, plan, first=0, workers=0), 6)

    later = waves(steps(material, plan, first=2, workers=0), 4)

    np.testing.assert_array_equal(whole[2:], later)


def test_workers_give_the_same_batches_as_none(material):
    """Mixed ahead, in two processes."""
    plan = Plan(0, material.num_items, batch=2)
    here = waves(steps(material, plan, first=1, workers=0), 5)

    there = waves(steps(material, plan, first=1, workers=2), 5)

    np.testing.assert_array_equal(here, there)


def test_parts_and_processes_share_a_batch(material):
    """Together they have its items, each once."""
    whole = waves(steps(material, Plan(0, 7, batch=4), first=0, workers=0), 1)[0][0]

    parts = [
        waves(steps(material, Plan(0, 7, 4, 2), first=0, workers=0, rank=rank, processes=2), 1)[0]
        for rank in (0, 1)
    ]

    for half in range(2):
        together = np.stack([parts[0][half], parts[1][half]], axis=1).reshape(2, -1)
        np.testing.assert_array_equal(together, whole[2 * half : 2 * half + 2])


def test_loading_leaves_the_generator_of_training_alone(material):
    """A resumed run makes more loaders than an unbroken one."""
    before = torch.get_rng_state()

    waves(steps(material, Plan(0, 7, 2), first=0, workers=0), 2)

    assert torch.equal(torch.get_rng_state(), before)


def test_batches_that_cannot_be_dealt_are_refused(material):
    """Too few items for one, or processes that do not divide it."""
    with pytest.raises(InputError, match="7 items, fewer than one batch of 8"):
        plan_of(material, Data(batch=8), seed=0)
    with pytest.raises(InputError, match="cannot be dealt evenly to 4 processes"):
        plan_of(material, Data(batch=6), seed=0, processes=4)
