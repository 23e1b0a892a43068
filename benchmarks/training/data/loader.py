"""Deal items to steps, and mix them ahead: what a step gets depends on its number alone.

Say which recordings a network learned from and was validated with, row by row.
"""

from __future__ import annotations

import csv
import io
import signal
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count, islice
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from benchmarks.training.config import Data
from benchmarks.training.data.base import Material, Origin
from mn_dataset import seeds
from mn_dataset.errors import InputError

SOURCES = "sources.csv"
COLUMNS = (
    "id",
    "split",
    "category",
    "license",
    "attribution",
    "source",
    "url",
    "sha256",
    "start_s",
    "duration_s",
    "pcm_sha256",
)
"""Of a metadata table, less where the recordings lay; with the hash of the 16-bit samples."""


def write_sources(
    folder: Path, origins: Sequence[Origin], further: Sequence[dict[str, str]] = ()
) -> None:
    """Write ``sources.csv`` into a run folder, sorted by split and id.

    Args:
        folder: The run's.
        origins: The recordings of train and validation.
        further: Rows of what the weights that it began with had learned from, beside these.
    """
    rows = sorted([*_rows(origins), *further], key=lambda row: (row["split"], row["id"]))
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    (folder / SOURCES).write_text(text.getvalue(), encoding="utf-8")


def read_sources(path: Path) -> list[dict[str, str]]:
    """Read what ``write_sources`` wrote."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def attributions(rows: Iterable[dict[str, str]]) -> dict[str, dict[str, int]]:
    """Count recordings by licence, and within it by whom to name, both in order of the alphabet.

    >>> attributions([{"license": "MIT", "attribution": "A. Player"}])
    {'MIT': {'A. Player': 1}}
    """
    counts: dict[str, dict[str, int]] = {}
    for row in rows:
        inner = counts.setdefault(row["license"] or "unknown", {})
        inner[row["attribution"]] = inner.get(row["attribution"], 0) + 1
    return {name: dict(sorted(inner.items())) for name, inner in sorted(counts.items())}


def _rows(origins: Iterable[Origin]) -> Iterator[dict[str, str]]:
    for origin in origins:
        known = {**origin.row.columns(), "pcm_sha256": origin.pcm_sha256}
        yield {name: known[name] for name in COLUMNS}


Place = tuple[int, int]
"""Epoch, and index of an item in it."""

Batch = dict[str, Tensor]
"""Layers by name, float32 (batch, time)."""

_AHEAD = 4  # parts that each process mixes ahead


@dataclass(frozen=True)
class Plan:
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

    def places(self, step: int) -> list[Place]:
        """Return the items of a step, counted from 0.

        >>> Plan(0, num_items=4, batch=2).places(5)
        [(2, 2), (2, 0)]
        """
        epoch, number = divmod(step, self.steps_per_epoch)
        first = number * self.batch
        order = _order(self.seed, epoch, self.num_items)
        return [(epoch, index) for index in order[first : first + self.batch]]


class Parts(Sampler[list[Place]]):
    """The parts of all steps from one on, without end, as one of several processes takes them."""

    def __init__(self, plan: Plan, *, first: int, rank: int = 0, processes: int = 1) -> None:
        self.plan, self.first, self.rank, self.processes = plan, first, rank, processes

    def __iter__(self) -> Iterator[list[Place]]:
        size = self.plan.batch // self.plan.accumulate
        for step in count(self.first):
            places = self.plan.places(step)
            for start in range(0, self.plan.batch, size):
                yield places[start : start + size][self.rank :: self.processes]


class Items(Dataset[Batch]):
    """The items of a material, by place."""

    def __init__(self, material: Material) -> None:
        self.material = material

    def __getitem__(self, place: Place) -> Batch:
        example = self.material.item(*place)
        return {"noisy": torch.from_numpy(example.noisy), "clean": torch.from_numpy(example.clean)}


def plan_of(material: Material, data: Data, *, seed: int, processes: int = 1) -> Plan:
    """Return the plan of a material.

    Raises:
        InputError: if a batch cannot be dealt evenly to the processes, or an epoch has none.
    """
    if material.num_items < data.batch:
        raise InputError(
            f"an epoch has {material.num_items} items, fewer than one batch of {data.batch}; lower "
            "batch in [data], or train on more"
        )
    if data.batch // data.accumulate % processes:
        raise InputError(
            f"parts of {data.batch // data.accumulate} items (batch / accumulate) cannot be dealt "
            f"evenly to {processes} processes; choose a multiple"
        )
    return Plan(seed, material.num_items, data.batch, data.accumulate)


def steps(
    material: Material,
    plan: Plan,
    *,
    first: int,
    workers: int,
    rank: int = 0,
    processes: int = 1,
    pinned: bool = False,
) -> Generator[list[Batch], None, None]:
    """Yield the parts of every step from one on, without end.

    Args:
        material: Where items come from.
        plan: Which they are.
        first: The step to begin with, counted from 0.
        workers: Processes that mix ahead; the batches do not depend on them.
        rank: Which of the training processes this is.
        processes: How many there are.
        pinned: Keep batches where a GPU can fetch them.
    """
    loader = DataLoader(
        Items(material),
        batch_sampler=Parts(plan, first=first, rank=rank, processes=processes),
        num_workers=workers,
        prefetch_factor=_AHEAD if workers else None,
        worker_init_fn=_leave_signals if workers else None,
        # A process that was forked beside threads of torch may hang; a fresh one does not.
        multiprocessing_context="spawn" if workers else None,
        # A loader draws a number when it starts; not from the generator that training uses.
        generator=torch.Generator().manual_seed(0),
        pin_memory=pinned,
    )
    parts = iter(loader)
    while True:
        yield list(islice(parts, plan.accumulate))


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, num_items: int) -> list[int]:
    return seeds.generator(seed, "order", str(epoch)).shuffled(range(num_items))


def _leave_signals(worker: int) -> None:  # noqa: ARG001 - the loader passes it
    """Let a signal to all stop the training, which then ends its workers, and not them first."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
