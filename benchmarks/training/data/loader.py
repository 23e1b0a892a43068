"""Load the batches of every step, mixed ahead: what a step gets depends on its number alone."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import count, islice

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from benchmarks.training.config import Data
from benchmarks.training.data.base import TrainingData
from mn_dataset import seeds
from mn_dataset.errors import InputError
from mn_dataset.workers import end_with

ItemKey = tuple[int, int]
"""Epoch, and index of an item in it."""

Batch = dict[str, Tensor]
"""Layers by name, float32 (batch, time)."""

_PARTS_AHEAD = 4  # that each process mixes


@dataclass(frozen=True)
class BatchPlan:
    """Which items each step takes, of all processes.

    Attributes:
        seed: Of the order.
        num_items: Items of one epoch.
        batch: Items of one step.
        accumulate: Parts of one step.
    """

    seed: int
    num_items: int
    batch: int
    accumulate: int = 1

    @property
    def steps_per_epoch(self) -> int:
        """Steps of one epoch; items that do not fill a batch wait for another epoch's order."""
        return self.num_items // self.batch

    def items(self, step: int) -> list[ItemKey]:
        """Return the items of a step, counted from 0.

        >>> BatchPlan(0, num_items=4, batch=2).items(5)
        [(2, 2), (2, 0)]
        """
        epoch, number = divmod(step, self.steps_per_epoch)
        first = number * self.batch
        order = _order(self.seed, epoch, self.num_items)
        return [(epoch, index) for index in order[first : first + self.batch]]


def batch_plan(data: TrainingData, config: Data, *, seed: int, processes: int = 1) -> BatchPlan:
    """Return which items of the data each step takes.

    Raises:
        InputError: if a batch cannot be divided evenly among the processes, or an epoch has none.
    """
    if data.num_items < config.batch:
        raise InputError(
            f"an epoch has {data.num_items} items, fewer than one batch of {config.batch}; lower "
            "batch in [data], or train on more"
        )
    if config.batch // config.accumulate % processes:
        raise InputError(
            f"parts of {config.batch // config.accumulate} items (batch / accumulate) cannot be "
            f"divided evenly among {processes} processes; choose a multiple"
        )
    return BatchPlan(seed, data.num_items, config.batch, config.accumulate)


def step_batches(
    data: TrainingData,
    plan: BatchPlan,
    *,
    first: int,
    workers: int,
    rank: int = 0,
    processes: int = 1,
    pinned: bool = False,
) -> Generator[list[Batch], None, None]:
    """Yield the parts of every step's batch from one step on, without end.

    Args:
        data: Where items come from.
        plan: Which they are.
        first: The step to begin with, counted from 0.
        workers: Processes that mix ahead; the batches do not depend on them.
        rank: Which of the training processes this is.
        processes: How many there are.
        pinned: Keep batches where a GPU can fetch them.
    """
    loader = DataLoader(
        _Items(data),
        batch_sampler=_Parts(plan, first=first, rank=rank, processes=processes),
        num_workers=workers,
        prefetch_factor=_PARTS_AHEAD if workers else None,
        worker_init_fn=partial(_begin, os.getpid()) if workers else None,
        # A process that was forked beside threads of torch may hang; a fresh one does not.
        multiprocessing_context="spawn" if workers else None,
        # A loader draws a number when it starts; not from the generator that training uses.
        generator=torch.Generator().manual_seed(0),
        pin_memory=pinned,
    )
    parts = iter(loader)
    while True:
        yield list(islice(parts, plan.accumulate))


class _Items(Dataset[Batch]):
    """The items of training data, by epoch and index."""

    def __init__(self, data: TrainingData) -> None:
        self.data = data

    def __getitem__(self, key: ItemKey) -> Batch:
        example = self.data.item(*key)
        return {"noisy": torch.from_numpy(example.noisy), "clean": torch.from_numpy(example.clean)}


class _Parts(Sampler[list[ItemKey]]):
    """The parts of all steps from one on, without end, as one of several processes takes them."""

    def __init__(self, plan: BatchPlan, *, first: int, rank: int, processes: int) -> None:
        self.plan, self.first, self.rank, self.processes = plan, first, rank, processes

    def __iter__(self) -> Iterator[list[ItemKey]]:
        size = self.plan.batch // self.plan.accumulate
        for step in count(self.first):
            items = self.plan.items(step)
            for start in range(0, self.plan.batch, size):
                yield items[start : start + size][self.rank :: self.processes]


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, num_items: int) -> list[int]:
    return seeds.generator(seed, "order", str(epoch)).shuffled(range(num_items))


def _begin(parent: int, worker: int) -> None:  # noqa: ARG001 - the loader passes its number
    """Let a signal to all stop the training, which then ends its workers, and not them first."""
    end_with(parent)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
