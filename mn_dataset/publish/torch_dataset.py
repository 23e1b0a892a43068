"""Stream published Parquet into training: a torch dataset that loaders and ranks share out."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import IterableDataset, get_worker_info

from mn_dataset import seeds
from mn_dataset.audio.io import to_float
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import file_groups
from mn_dataset.publish.parquet import LoadedGroup, groups, load
from mn_dataset.tasks.registry import task_of
from mn_dataset.tasks.spec import TaskSpec

_TOGETHER = 4  # row groups whose rows are shuffled together: noise classes meet in a batch


class PublishedDataset(IterableDataset[dict[str, Any]]):
    """Iterable dataset over a publication; every row comes once per epoch, whoever reads.

    The order of an epoch is drawn once for all; each rank reads a stretch of it, and each loader
    process of a rank a stretch of that, so that no row comes twice and none is left out. Stretches
    differ by at most one row.

    Items are dicts like ``MixtureDataset``'s: each file's audio as a float32 tensor (1, time) in
    [-1, 1] under its name; ``id``, and the facets of the task, such as ``music_category``,
    ``noise_class`` and ``snr_db``.

    Args:
        folder: A publication of `mn publish`, or a copy of its repository.
        split: train, validation or test.
        noise_class: Only mixtures of this class.
        shuffle: Whether the order is drawn anew for each epoch; otherwise it is that of the files.
        seed: Of the order.
        rank: This process's number among ``ranks``; torch.distributed's own by default.
        ranks: How many processes train together.

    Raises:
        InputError: if there is no such publication, or the ranks make no sense.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        split: str,
        noise_class: str | None = None,
        shuffle: bool = False,
        seed: int = 0,
        rank: int | None = None,
        ranks: int | None = None,
    ) -> None:
        self.groups = groups(Path(folder), split, noise_class=noise_class)
        names = (row["task"] for row in load(self.groups[0], columns=["task"]).plain)
        self.task = task_of(names, where=self.groups[0].path, error=InputError)
        self.shuffle = shuffle
        self.seed = seed
        self.rank, self.ranks = _rank_of(rank, ranks)
        # In memory that loader processes share: those that outlive an epoch see the next one.
        self._epoch: torch.Tensor = torch.zeros((), dtype=torch.int64)
        self._epoch.share_memory_()  # type: ignore[no-untyped-call] # torch types it not

    def set_epoch(self, epoch: int) -> None:
        """Draw another order from the next loader on; call it before each epoch's loop."""
        self._epoch.fill_(epoch)

    def __len__(self) -> int:
        first, last = _stretch(sum(group.rows for group in self.groups), self.rank, self.ranks)
        return last - first

    def __iter__(self) -> Iterator[dict[str, Any]]:
        worker = get_worker_info()
        number, workers = (worker.id, worker.num_workers) if worker else (0, 1)
        first, last = _stretch(sum(group.rows for group in self.groups), self.rank, self.ranks)
        begin, end = _stretch(last - first, number, workers)
        for pool in self._within(first + begin, first + end):
            loaded: dict[int, LoadedGroup] = {}
            for group, row in pool:
                if group not in loaded:
                    loaded[group] = load(self.groups[group], columns=_columns(self.task))
                yield _item(loaded[group].row(row), self.task)

    def _within(self, begin: int, end: int) -> Iterator[list[tuple[int, int]]]:
        """Yield the rows of a stretch of the epoch, as (group, row), pool by pool."""
        passed = 0
        for pool in self._pools():
            part = pool[max(0, begin - passed) : max(0, end - passed)]
            passed += len(pool)
            if part:
                yield part

    def _pools(self) -> Iterator[list[tuple[int, int]]]:
        """Yield all rows of the epoch: the same for every rank and loader process."""
        stream = seeds.generator(self.seed, "order of an epoch", str(int(self._epoch)))
        numbers = list(range(len(self.groups)))
        numbers = stream.shuffled(numbers) if self.shuffle else numbers
        size = _TOGETHER if self.shuffle else 1
        for first in range(0, len(numbers), size):
            together = numbers[first : first + size]
            pool = [(number, row) for number in together for row in range(self.groups[number].rows)]
            yield stream.shuffled(pool) if self.shuffle else pool


def _stretch(count: int, number: int, parts: int) -> tuple[int, int]:
    """Return where a part of ``count`` rows begins and ends; parts differ by one row at most."""
    return count * number // parts, count * (number + 1) // parts


def _rank_of(rank: int | None, ranks: int | None) -> tuple[int, int]:
    """Return this process's rank and how many there are, torch.distributed's own by default."""
    if rank is None and ranks is None:
        distributed = torch.distributed
        if distributed.is_available() and distributed.is_initialized():
            return distributed.get_rank(), distributed.get_world_size()
        return 0, 1
    if rank is None or ranks is None or not 0 <= rank < ranks:
        raise InputError(f"rank {rank} of {ranks}; expected both, from 0 of 1 on")
    return rank, ranks


def _columns(task: TaskSpec) -> list[str]:
    """Return the columns that an item is made of."""
    files = chain.from_iterable(group.columns for group in file_groups(task))
    return ["id", *(facet.column for facet in task.facets), *files]


def _item(row: dict[str, Any], task: TaskSpec) -> dict[str, Any]:
    """Return what training sees of a mixture."""
    item: dict[str, Any] = {}
    for group in file_groups(task):
        for name, cell, _ in group.files(row):
            samples: Any = cell  # which stand where the manifest has a path
            item[name] = torch.from_numpy(to_float(samples))
    return {**item, "id": row["id"], **{facet.column: row[facet.column] for facet in task.facets}}
