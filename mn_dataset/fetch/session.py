"""Make the recordings that a corpus folder lacks, several at a time, and pin each as it is made.

Fill the cells of a corpus that have no row from the embedded corpus, marked in every row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.errors import UnknownName
from mn_dataset.fetch.clips import Made, cut_all, place, stands
from mn_dataset.fetch.download import OtherBytes
from mn_dataset.fetch.lockfile import (
    Agreement,
    Pin,
    agreement,
    append_pin,
    published,
    source_sha256,
    write_lock,
)
from mn_dataset.fetch.originals import Original, obtain_all
from mn_dataset.fetch.request import Order
from mn_dataset.records import ROLES, SYNTHETIC, Role
from mn_dataset.synthetic.corpus import Plan, make, mixture, plans
from mn_dataset.tables import Row, Rows
from mn_dataset.workers import each

_SEED = 0


def check_fill(fill: str | None) -> None:
    """Refuse to fill from anything but the embedded corpus.

    Raises:
        UnknownName: with the nearest suggestion.
    """
    if fill not in (None, SYNTHETIC):
        raise UnknownName("corpus to fill from", str(fill), [SYNTHETIC])


def fillings(rows: Rows, passes: Callable[[str], bool] = lambda _: True) -> dict[Role, list[Row]]:
    """Return the embedded corpus's rows for every cell (category and split) that has none.

    Their ids and files have a namespace of their own, such as ``clean/synthetic/harp/01``.

    Args:
        rows: What the corpus has.
        passes: The licence gate.
    """
    held = {(role, row.category, row.split) for role in ROLES for row in rows[role]}
    found: dict[Role, list[Row]] = {role: [] for role in ROLES}
    for plan in plans():
        row = _row(plan)
        if (plan.role, plan.category, plan.split) not in held and passes(row.license):
            found[plan.role].append(row)
    return found


def make_filling(folder: Path, row: Row, locked: Pin | None) -> Made:
    """Make one recording of the embedded corpus and put it in a row's place."""
    plan = next(plan for plan in plans() if _row(plan).id == row.id)
    return place(row, mixture(make(plan, seed=_SEED)), folder=folder, locked=locked)


def _row(plan: Plan) -> Row:
    name = plan.id.replace("/", f"/{SYNTHETIC}/", 1)
    return replace(plan.row(_SEED), id=name, file=f"{name}.wav")


class Workshop:
    """A corpus folder, its lock, and what this run made.

    Attributes:
        order: What was asked for.
        lock: The lock file; in order before the first recording is made.
        pins: By id, what each recording is here.
        made: By id, what became of the rows that did not stand in the folder.
        repinned: Ids of those that are another decoder's ±1 LSB of what was pinned before.
    """

    def __init__(self, order: Order, lock: Path, pins: dict[str, Pin]) -> None:
        self.order, self.lock, self.pins = order, lock, pins
        self.made: dict[str, Made] = {}
        self.repinned: set[str] = set()
        self._done = self._all = 0

    def cut(self, rows: Sequence[Row]) -> None:
        """Get the originals of the rows that do not stand in the folder, and cut them."""
        groups: dict[Original, list[Row]] = defaultdict(list)
        for row in self._lacking(rows):
            if row.url and row.sha256:
                groups[Original(row.url, row.sha256)].append(row)
            else:
                self._settle(Made(row, None, problem="the table has no url and sha256 for it"))
        self._all += 2 * len(groups)
        order = self.order
        found = obtain_all(groups, origin=order.origin, patience=order.patience, step=self._step)
        pieces = []
        for original, rows_of_it in groups.items():
            answer = found[original]
            if isinstance(answer, Path):
                known = [(row, self._locked(row)) for row in rows_of_it]
                pieces.append((answer, known, order.folder))
                continue
            for row in rows_of_it:
                verdict: Agreement | None = "different" if isinstance(answer, OtherBytes) else None
                self._settle(Made(row, None, verdict, problem=str(answer)))
            self._step()
        for answers in each(cut_all, pieces, workers=self._workers(len(pieces)), ordered=False):
            for made in answers:
                self._settle(made)
            self._step()

    def fill(self, rows: Sequence[Row]) -> None:
        """Make the rows of the embedded corpus that do not stand in the folder."""
        lacking = list(self._lacking(rows))
        self._all += len(lacking)
        pieces = ((self.order.folder, row, self._locked(row)) for row in lacking)
        workers = self._workers(len(lacking))
        for made in each(make_filling, pieces, workers=workers, ordered=False):
            self._settle(made)
            self._step()

    def has(self, row: Row) -> bool:
        """Tell whether a row's recording stands in the folder, made now or before."""
        made = self.made.get(row.id)
        return made is None or (not made.problem and made.agreement != "different")

    def proof(self, row: Row) -> str:
        """Say what a recording that stands in the folder was compared with."""
        stated, pinned = published(row), self.pins[row.id]
        if row.id in self.repinned:
            return "within ±1 LSB of what was pinned before: another decoder"
        if stated is None:
            return "pinned at first use"
        if agreement(stated, pinned) == "equal":
            return "equal to the published samples"
        return "within ±1 LSB of the published samples: another decoder"

    def close(self) -> None:
        """Put the lock in order."""
        write_lock(self.lock, self.pins)

    def _lacking(self, rows: Sequence[Row]) -> Iterator[Row]:
        for row in rows:
            if not stands(self.order.folder, row, self.pins.get(row.id)):
                yield row

    def _locked(self, row: Row) -> Pin | None:
        """Return a row's pin, unless its original has become another file since."""
        pinned = self.pins.get(row.id)
        return pinned if pinned and pinned.original_sha256 == source_sha256(row) else None

    def _settle(self, made: Made) -> None:
        self.made[made.row.id] = made
        if made.pin is not None and made.agreement != "different":
            if made.agreement == "±1 LSB" and self._locked(made.row):
                self.repinned.add(made.row.id)
            append_pin(self.lock, made.pin)
            self.pins[made.row.id] = made.pin

    def _workers(self, pieces: int) -> int:
        """Return how many processes are worth starting."""
        return max(1, min(self.order.workers, pieces))

    def _step(self) -> None:
        self._done += 1
        if self.order.progress:
            self.order.progress(self._done, self._all)
