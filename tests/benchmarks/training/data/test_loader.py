"""What a step gets follows from its number, whoever mixes it and wherever it begins."""

import signal
from itertools import islice

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config import Data, Validation  # noqa: E402
from benchmarks.training.data.corpus import CorpusTrainingData  # noqa: E402
from benchmarks.training.data.loader import BatchPlan, batch_plan, step_batches  # noqa: E402 - once torch is there
from mn_dataset.errors import InputError  # noqa: E402
from mn_dataset.tasks.denoise import SPEC as DENOISE  # noqa: E402


@pytest.fixture
def data(tiny):
    config = Data(segment_s=0.3, batch=2, items_per_epoch=7)
    return CorpusTrainingData(
        tiny, config, Validation(mixtures=2, seconds=0.3), task=DENOISE, seed=0
    )


def waves(batches, count):
    return [[part["noisy"].numpy() for part in parts] for parts in islice(batches, count)]


def test_an_epoch_takes_every_item_at_most_once_in_its_own_order():
    """The rest that fills no batch is left to another epoch's order."""
    plan = BatchPlan(0, num_items=11, batch=2)
    epochs = [
        [key for step in range(5 * epoch, 5 * epoch + 5) for key in plan.items(step)]
        for epoch in range(3)
    ]

    for number, keys in enumerate(epochs):
        assert {epoch for epoch, _ in keys} == {number}
        assert len({index for _, index in keys}) == 10
    assert len({tuple(index for _, index in keys) for keys in epochs}) == 3


def test_a_run_that_begins_later_gets_the_same_batches(data):
    """In the middle of an epoch, and across its end."""
    plan = BatchPlan(0, data.num_items, batch=2)
    whole = waves(step_batches(data, plan, first=0, workers=0), 6)

    later = waves(step_batches(data, plan, first=2, workers=0), 4)

    np.testing.assert_array_equal(whole[2:], later)


def test_workers_give_the_same_batches_as_none(data):
    """Mixed ahead, in two processes."""
    plan = BatchPlan(0, data.num_items, batch=2)
    here = waves(step_batches(data, plan, first=1, workers=0), 5)

    there = waves(step_batches(data, plan, first=1, workers=2), 5)

    np.testing.assert_array_equal(here, there)


def test_parts_and_processes_share_a_batch(data):
    """Together they have its items, each once."""
    whole = waves(step_batches(data, BatchPlan(0, 7, batch=4), first=0, workers=0), 1)[0][0]

    parts = [
        waves(
            step_batches(data, BatchPlan(0, 7, 4, 2), first=0, workers=0, rank=rank, processes=2), 1
        )[0]
        for rank in (0, 1)
    ]

    for half in range(2):
        together = np.stack([parts[0][half], parts[1][half]], axis=1).reshape(2, -1)
        np.testing.assert_array_equal(together, whole[2 * half : 2 * half + 2])


def test_loading_leaves_the_generator_of_training_alone(data):
    """A resumed run makes more loaders than an unbroken one."""
    before = torch.get_rng_state()

    waves(step_batches(data, BatchPlan(0, 7, 2), first=0, workers=0), 2)

    assert torch.equal(torch.get_rng_state(), before)


def test_batches_that_cannot_be_dealt_are_refused(data):
    """Too few items for one, or processes that do not divide it."""
    with pytest.raises(InputError, match="7 items, fewer than one batch of 8"):
        batch_plan(data, Data(batch=8), seed=0)
    with pytest.raises(InputError, match="cannot be divided evenly among 4 processes"):
        batch_plan(data, Data(batch=6), seed=0, processes=4)


SLOW = """
import time
from pathlib import Path

class Slow:
    num_items = 4

    def __init__(self, mark):
        self.mark = mark

    def item(self, epoch, index):
        Path(self.mark).touch()
        time.sleep(60.0)
"""
TRAINING = """
import threading
import time
sys.path.insert(0, sys.argv[1])
from slow import Slow
from benchmarks.training.data.loader import BatchPlan, step_batches

mark = Path(sys.argv[1], "mark")
batches = step_batches(Slow(mark), BatchPlan(0, 4, batch=2), first=0, workers=1)
threading.Thread(target=next, args=(batches,), daemon=True).start()
while not mark.exists():
    time.sleep(0.01)
halt()
"""


def test_no_process_that_mixes_outlives_the_training(halted, outliving, tmp_path):
    """Though it is in the middle of an item, and passes over the signals that stop a run."""
    (tmp_path / "slow.py").write_text(SLOW)

    assert outliving(halted(TRAINING, tmp_path), signal.SIGKILL, least=1) == []
