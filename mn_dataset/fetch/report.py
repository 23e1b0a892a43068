"""Report on every row of a corpus that was fetched: present, missing, different, or left out."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mn_dataset.files.atomic import write_text

Status = Literal["present", "missing", "different", "left out"]
STATUSES: tuple[Status, ...] = ("present", "missing", "different", "left out")
COLUMNS = ("id", "file", "status", "license", "detail")

_MOST_LINES = 40  # of rows that are not there, for a person


@dataclass(frozen=True)
class RowReport:
    """What became of one row.

    Attributes:
        id: The row's id.
        file: Its recording, relative to the corpus.
        status: "present"; "missing", when it cannot be had; "different", when it is not what was
            pinned; "left out", when the licence gate holds it back.
        detail: For a person: why, or how it was verified; may be empty.
        license: As the row states it.
    """

    id: str
    file: str
    status: Status
    detail: str = ""
    license: str = ""

    def __str__(self) -> str:
        """Name the row, its file and what became of it on one line."""
        return f"{self.id} ({self.file}): {self.status}" + (f": {self.detail}" * bool(self.detail))


@dataclass(frozen=True)
class FetchReport:
    """What became of every row.

    Attributes:
        corpus: The corpus folder.
        rows: One per row, in the order of the tables, clips first.
        num_made: Recordings that this run made or made again; the other present ones were there.
        has_tables: Whether the folder's tables were written: never from rows that are not there.
        notes: Further lines for a person: what to do, what was told apart, what was removed.
    """

    corpus: Path
    rows: tuple[RowReport, ...]
    num_made: int = 0
    has_tables: bool = True
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every row that the licence gate lets in is present."""
        return not self.faults

    @property
    def faults(self) -> list[RowReport]:
        """Return the rows that are missing or different."""
        return [row for row in self.rows if row.status in ("missing", "different")]

    @property
    def left_out(self) -> dict[str, int]:
        """Count the rows that the licence gate holds back, by licence."""
        licenses = Counter(row.license for row in self.rows if row.status == "left out")
        return dict(sorted(licenses.items()))

    def counts(self) -> dict[Status, int]:
        """Count the rows by what became of them."""
        statuses = Counter(row.status for row in self.rows)
        return {status: statuses[status] for status in STATUSES}

    def lines(self) -> list[str]:
        """Describe it to a person: rows that are not there (of many the first), then the counts."""
        counts = self.counts()
        lines = [str(row) for row in self.faults[:_MOST_LINES]]
        if len(self.faults) > _MOST_LINES:
            rest = len(self.faults) - _MOST_LINES
            lines.append(f"… and {rest} more: see {report_path(self.corpus)}")
        lines += self.notes
        if self.left_out:
            licenses = ", ".join(f"{name or 'unknown'} {n}" for name, n in self.left_out.items())
            lines.append(
                f"{counts['left out']} rows left out by licence ({licenses}); let them in with "
                f"license_allow {self._wider_gate()}"
            )
        tables = "" if self.has_tables else "; tables not written"
        return [
            *lines,
            f"{self.corpus}: {counts['present']} of {len(self.rows) - counts['left out']} "
            f"recordings ({self.num_made} made, {counts['present'] - self.num_made} were there), "
            f"{counts['missing']} missing, {counts['different']} different{tables}",
        ]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as plain values, the rows that are present only counted."""
        return {
            "corpus": str(self.corpus),
            "complete": self.complete,
            "counts": self.counts(),
            "made": self.num_made,
            "left_out": self.left_out,
            "has_tables": self.has_tables,
            "notes": list(self.notes),
            "faults": [vars(row) for row in self.faults],
        }

    def _wider_gate(self) -> str:
        """Return the least that lets all rows in; unknown licences have no name to list."""
        names = list(self.left_out)
        return "any" if "" in names else ",".join(["free", *names])


def report_path(corpus: Path) -> Path:
    """Return the path of the report on a corpus folder: beside it."""
    return corpus.with_name(f"{corpus.name}.account.csv")


def write_report(report: FetchReport) -> Path:
    """Write a report by row, beside its corpus.

    Raises:
        OutputError: if it cannot be written.
    """
    path = report_path(report.corpus)
    write_text(path, _csv(report.rows))
    return path


def _csv(rows: Sequence[RowReport]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: getattr(row, name) for name in COLUMNS} for row in rows)
    return buffer.getvalue()
