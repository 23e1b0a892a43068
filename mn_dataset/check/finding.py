"""Describe one thing that is wrong or odd in a corpus: where, what, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or odd.

    Attributes:
        severity: "error" or "warning".
        kind: A word for programs, such as "truncated" or "leak".
        file: The table or recording.
        row: Line of the table, 1 being the header; None when no row is concerned.
        column: Column of the table; None when no cell is concerned.
        text: What was found, and what was expected.
        cure: What to do.
    """

    severity: Severity
    kind: str
    file: str
    row: int | None
    column: str | None
    text: str
    cure: str

    def __str__(self) -> str:
        """Write file:row: column first, as compilers do.

        >>> print(Finding("error", "silent", "clean.csv", 3, "file", "is silent", "remove it"))
        error: clean.csv:3: column 'file' is silent; remove it
        """
        where = self.file + (f":{self.row}" if self.row else "")
        column = f"column {self.column!r} " if self.column else ""
        return f"{self.severity}: {where}: {column}{self.text}; {self.cure}"


def rank(finding: Finding) -> tuple[bool, str, int]:
    """Order findings: errors first, then by file and row."""
    return finding.severity != "error", finding.file, finding.row or 0
