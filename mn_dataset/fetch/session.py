"""Make the recordings that a corpus folder lacks, several at a time, and pin each as it is made.

A session is one run of `mn fetch`: what is asked for, the pins of the lock file, and what became of
the rows that were not in the folder. Cells that have no row are filled from the embedded corpus.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mn_dataset.errors import FetchError, UnknownName
from mn_dataset.fetch.clips import ClipResult, cut_all, is_stored, store
from mn_dataset.fetch.lockfile import (
    Agreement,
    Pin,
    agreement,
    append_pin,
    lock_path,
    published_pin,
    read_lock,
    source_sha256,
    write_lock,
)
from mn_dataset.fetch.originals import Original, obtain_all
from mn_dataset.fetch.transfer import DEFAULT_PATIENCE, OtherBytes, Patience
from mn_dataset.files.atomic import sweep
from mn_dataset.records import ROLES, SYNTHETIC, Role
from mn_dataset.synthetic.corpus import Plan, make, mixture, plans
from mn_dataset.tables import Row, Rows
from mn_dataset.workers import each

Progress = Callable[[int, int], None]
"""Called with (done, all) pieces of work."""

_SEED = 0  # of the embedded corpus


@dataclass(frozen=True)
class FetchRequest:
    """What is asked for.

    Attributes:
        folder: Where the corpus goes.
        origin: A folder or mirror to take the originals from, and only from there; None for the
            addresses in the tables.
        license_allow: Licences to take, ``("any",)`` for all; None for the corpus's default.
        allow_missing: Write tables of what is there, even if rows cannot be had.
        fill: "synthetic" fills cells without a row from the embedded corpus; None fills none.
        lock: The lock file; None for the one beside the corpus folder.
        workers: Processes.
        patience: How long a server is waited for.
        progress: Called with (done, all) pieces of work; None to be silent.
    """

    folder: Path
    origin: str | None = None
    license_allow: tuple[str, ...] | None = None
    allow_missing: bool = False
    fill: str | None = None
    lock: Path | None = None
    workers: int = 1
    patience: Patience = DEFAULT_PATIENCE
    progress: Progress | None = None


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
    covered = {(role, row.category, row.split) for role in ROLES for row in rows[role]}
    filling: dict[Role, list[Row]] = {role: [] for role in ROLES}
    for plan in (plan for plan in plans() if plan.role in ROLES):
        row = _filling_row(plan)
        if (plan.role, plan.category, plan.split) not in covered and passes(row.license):
            filling[plan.role].append(row)
    return filling


def make_filling(folder: Path, row: Row, pinned: Pin | None) -> ClipResult:
    """Make one recording of the embedded corpus and store it as a row's file."""
    plan = next(plan for plan in plans() if _filling_row(plan).id == row.id)
    return store(row, mixture(make(plan, seed=_SEED)), folder=folder, pinned=pinned)


def _filling_row(plan: Plan) -> Row:
    name = plan.id.replace("/", f"/{SYNTHETIC}/", 1)
    return replace(plan.row(_SEED), id=name, file=f"{name}.wav")


class Session:
    """A corpus folder, its lock file, and what this run made.

    Attributes:
        request: What is asked for.
        lock: The lock file.
        pins: By id, what each recording is here.
        results: By id, what became of the rows that were not in the folder.
        repinned: Ids of those that are another decoder's ±1 LSB of what was pinned before.
    """

    def __init__(self, request: FetchRequest) -> None:
        self.request = request
        self.lock = request.lock or lock_path(request.folder)
        self.pins: dict[str, Pin] = {}
        self.results: dict[str, ClipResult] = {}
        self.repinned: set[str] = set()
        self._steps_done = self._steps = 0

    def open(self) -> None:
        """Read the lock file, and remove what killed runs left half-written in the folder.

        Raises:
            InputError: if the file is no lock file.
        """
        self.pins = read_lock(self.lock)
        sweep(self.request.folder)

    def close(self) -> None:
        """Put the lock file in order."""
        write_lock(self.lock, self.pins)

    def cut(self, rows: Sequence[Row]) -> None:
        """Get the originals of the rows that are not in the folder, and cut them."""
        rows_by_original: dict[Original, list[Row]] = defaultdict(list)
        for row in self._lacking(rows):
            if row.url and row.sha256:
                rows_by_original[Original(row.url, row.sha256)].append(row)
            else:
                self._record(
                    ClipResult(row, None, problem="the table has no url and sha256 for it")
                )
        self._steps += 2 * len(rows_by_original)
        request = self.request
        files = obtain_all(
            rows_by_original, origin=request.origin, patience=request.patience, step=self._step
        )
        pieces = []
        for original, rows_of_it in rows_by_original.items():
            file_or_error = files[original]
            if isinstance(file_or_error, FetchError):
                self._record_error(rows_of_it, file_or_error)
                self._step()
            else:
                pinned_rows = [(row, self._valid_pin(row)) for row in rows_of_it]
                pieces.append((file_or_error, pinned_rows, request.folder))
        workers = self.workers_for(len(pieces))
        for results in each(cut_all, pieces, workers=workers, ordered=False):
            for result in results:
                self._record(result)
            self._step()

    def fill(self, rows: Sequence[Row]) -> None:
        """Make the rows of the embedded corpus that are not in the folder."""
        folder = self.request.folder
        pieces = [(folder, row, self._valid_pin(row)) for row in self._lacking(rows)]
        self._steps += len(pieces)
        workers = self.workers_for(len(pieces))
        for result in each(make_filling, pieces, workers=workers, ordered=False):
            self._record(result)
            self._step()

    def pin(self, pin: Pin) -> None:
        """Pin a recording, in the lock file too."""
        append_pin(self.lock, pin)
        self.pins[pin.id] = pin

    def has(self, row: Row) -> bool:
        """Tell whether a row's recording is in the folder, made now or before."""
        result = self.results.get(row.id)
        return result is None or (not result.problem and result.agreement != "different")

    def proof(self, row: Row) -> str:
        """Say what a recording that is in the folder was compared with."""
        published, pin = published_pin(row), self.pins[row.id]
        if row.id in self.repinned:
            return "within ±1 LSB of what was pinned before: another decoder"
        if published is None:
            return "pinned at first use"
        if agreement(published, pin) == "equal":
            return "equal to the published samples"
        return "within ±1 LSB of the published samples: another decoder"

    def workers_for(self, pieces: int) -> int:
        """Return how many processes are worth starting for so many pieces of work."""
        return max(1, min(self.request.workers, pieces))

    def _lacking(self, rows: Sequence[Row]) -> Iterator[Row]:
        for row in rows:
            if not is_stored(self.request.folder, row, self.pins.get(row.id)):
                yield row

    def _valid_pin(self, row: Row) -> Pin | None:
        """Return a row's pin, unless its original has become another file since."""
        pin = self.pins.get(row.id)
        return pin if pin and pin.original_sha256 == source_sha256(row) else None

    def _record(self, result: ClipResult) -> None:
        self.results[result.row.id] = result
        if result.pin is not None and result.agreement != "different":
            if result.agreement == "±1 LSB" and self._valid_pin(result.row):
                self.repinned.add(result.row.id)
            self.pin(result.pin)

    def _record_error(self, rows: Sequence[Row], error: FetchError) -> None:
        verdict: Agreement | None = "different" if isinstance(error, OtherBytes) else None
        for row in rows:
            self._record(ClipResult(row, None, verdict, problem=str(error)))

    def _step(self) -> None:
        self._steps_done += 1
        if self.request.progress:
            self.request.progress(self._steps_done, self._steps)
