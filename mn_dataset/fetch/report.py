"""Account for every row of a corpus that was asked for: there, missing, different, left out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mn_dataset.audio.place import place_text

Status = Literal["present", "missing", "different", "left out"]
STATUSES: tuple[Status, ...] = ("present", "missing", "different", "left out")
COLUMNS = ("id", "file", "status", "license", "detail")
_TOLD = 40  # rows that are not there, on a terminal


@dataclass(frozen=True)
class Item:
    """What became of one row.

    Attributes:
        id: The row's id.
        file: Its recording, relative to the corpus.
        status: "present"; "missing", when it cannot be had; "different", when what was had is not
            what was pinned; "left out", when the licence gate holds it back.
        detail: For a person: why, or how it was proven; may be empty.
        license: As the row states it.
    """

    id: str
    file: str
    status: Status
    detail: str = ""
    license: str = ""

    def __str__(self) -> str:
        """Name the row, its file and its fate on one line."""
        return f"{self.id} ({self.file}): {self.status}" + (f": {self.detail}" * bool(self.detail))


@dataclass(frozen=True)
class Account:
    """What became of every row.

    Attributes:
        corpus: The corpus folder.
        items: One per row, in the order of the tables, clips first.
        made: Recordings that this run made or made again; the other present ones were there.
        has_tables: Whether the folder's tables were written: never from rows that are not there.
        notes: Further lines for a person: what to do, what was told apart, what was removed.
    """

    corpus: Path
    items: tuple[Item, ...]
    made: int = 0
    has_tables: bool = True
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every row that the licence gate lets in is present."""
        return not self.faults

    @property
    def faults(self) -> list[Item]:
        """Return the rows that are missing or different."""
        return [item for item in self.items if item.status in ("missing", "different")]

    @property
    def left_out(self) -> dict[str, int]:
        """Count the rows that the licence gate holds back, by licence."""
        held = Counter(item.license for item in self.items if item.status == "left out")
        return dict(sorted(held.items()))

    def counts(self) -> dict[Status, int]:
        """Count the rows by what became of them."""
        found = Counter(item.status for item in self.items)
        return {status: found[status] for status in STATUSES}

    def lines(self) -> list[str]:
        """Say it to a person: rows that are not there (of many the first), then the counts."""
        counts, total = self.counts(), len(self.items) - self.counts()["left out"]
        there = counts["present"] - self.made
        told = [str(item) for item in self.faults[:_TOLD]]
        if len(self.faults) > _TOLD:
            rest = len(self.faults) - _TOLD
            told.append(f"… and {rest} more: see {account_path(self.corpus)}")
        told += self.notes
        if self.left_out:
            held = ", ".join(f"{name or 'unknown'} {n}" for name, n in self.left_out.items())
            told.append(
                f"{counts['left out']} rows left out by licence ({held}); let them in with "
                f"--license-allow {self._option()}"
            )
        tables = "" if self.has_tables else "; tables not written"
        return [
            *told,
            f"{self.corpus}: {counts['present']} of {total} recordings ({self.made} made, "
            f"{there} were there), {counts['missing']} missing, {counts['different']} different"
            + tables,
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the account as plain values, the rows that are present only counted."""
        return {
            "corpus": str(self.corpus),
            "complete": self.complete,
            "counts": self.counts(),
            "made": self.made,
            "left_out": self.left_out,
            "has_tables": self.has_tables,
            "notes": list(self.notes),
            "faults": [vars(item) for item in self.faults],
        }

    def _option(self) -> str:
        """Return the least that lets the held rows in; unknown licences have no name to list."""
        names = list(self.left_out)
        return "any" if "" in names else ",".join(["free", *names])


def account_path(corpus: Path) -> Path:
    """Return where the account of a corpus folder stands: beside it."""
    return corpus.with_name(f"{corpus.name}.account.csv")


def write_account(account: Account) -> Path:
    """Write an account by row, beside its corpus.

    Raises:
        OutputError: if it cannot be written.
    """
    path = account_path(account.corpus)
    place_text(path, _csv(account.items))
    return path


def _csv(items: Sequence[Item]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: getattr(item, name) for name in COLUMNS} for item in items)
    return buffer.getvalue()
