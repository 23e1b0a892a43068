"""Judge a corpus: tables against the schema, audio against the tables, splits against leaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mn_dataset import tables
from mn_dataset.audio import index
from mn_dataset.audio.corpus import Source, unusable
from mn_dataset.records import ROLES, SAMPLING_RATE, Role
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

_AUDIO_SUFFIXES = {".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff"}
_DURATION_TOLERANCE_S = 0.05


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong, or odd.

    Attributes:
        severity: "error" or "warning".
        file: The table or recording.
        row: Line of the table, 1 being the header; None when no row is concerned.
        column: Column of the table.
        text: Found, expected, and what to do.
    """

    severity: Literal["error", "warning"]
    file: str
    row: int | None
    column: str | None
    text: str

    def __str__(self) -> str:
        """Write file:row: column first, as compilers do."""
        where = self.file + (f":{self.row}" if self.row else "")
        column = f"column {self.column!r} " if self.column else ""
        return f"{self.severity}: {where}: {column}{self.text}"


def check(
    root: str | Path,
    *,
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Finding]:
    """Return everything that is wrong or odd in a corpus folder, errors first.

    Args:
        root: The corpus.
        workers: Processes that measure recordings.
        progress: Called with (done, all) recordings.

    Raises:
        InputError: if a table is missing or not CSV, so that there is nothing to judge.
    """
    folder = Path(root)
    rows = {role: tables.parse_table(tables.table_path(folder, role)) for role in ROLES}
    found = [finding for role in ROLES for finding in _table_findings(folder, role, rows[role])]
    broken = {(finding.file, finding.row) for finding in found if finding.column == "file"}
    readable = [
        row.file
        for role in ROLES
        for row in rows[role]
        if (str(tables.table_path(folder, role)), row.line) not in broken
    ]
    entries, errors = index.refresh(folder, readable, workers=workers, progress=progress)
    problems = {str(error).split(":", 1)[0]: str(error) for error in errors}
    for role in ROLES:
        found += _audio_findings(folder, role, rows[role], entries, problems)
    found += _leak_findings(folder, rows, entries)
    found += _extra(folder, {row.file for role in ROLES for row in rows[role]})
    return sorted(found, key=lambda finding: finding.severity)


def _table_findings(folder: Path, role: Role, rows: list[Row]) -> Iterator[Finding]:
    path = str(tables.table_path(folder, role))
    for problem in tables.problems(rows, role):
        yield Finding("error", path, problem.line, problem.column, problem.text)
    for row in rows:
        if not row.license:
            text = f"of {row.id} is unknown; it can be built but not published"
            yield Finding("warning", path, row.line, "license", text)
    if not rows:
        yield Finding("error", path, None, None, "has no rows; a corpus needs clips and noises")


def _audio_findings(
    folder: Path,
    role: Role,
    rows: list[Row],
    entries: dict[str, index.Entry],
    problems: dict[str, str],
) -> Iterator[Finding]:
    table = str(tables.table_path(folder, role))
    for row in rows:
        entry = entries.get(row.file)
        problem = problems.get(str(folder / row.file))
        if entry is not None:
            problem = unusable(Source(role, row, entry))
            yield from _duration_findings(table, row, entry)
        if problem is not None:
            yield Finding("error", table, row.line, "file", problem)


def _duration_findings(table: str, row: Row, entry: index.Entry) -> Iterator[Finding]:
    lasts = entry.frames / SAMPLING_RATE
    try:
        stated = float(row.duration_s or lasts)
    except ValueError:  # the table's findings have it
        return
    if abs(stated - lasts) > _DURATION_TOLERANCE_S:
        text = f"is {row.duration_s}, the recording lasts {lasts:.3f} s; correct the table"
        yield Finding("warning", table, row.line, "duration_s", text)


def _leak_findings(
    folder: Path, rows: dict[Role, list[Row]], entries: dict[str, index.Entry]
) -> Iterator[Finding]:
    for role in ROLES:
        pcm = {row.id: entries[row.file].pcm_sha256 for row in rows[role] if row.file in entries}
        for leak in leaks(rows[role], pcm):
            severity: Literal["error", "warning"] = "error" if leak.severe else "warning"
            table = str(tables.table_path(folder, role))
            yield Finding(severity, table, leak.rows[-1].line, "split", f"leaks: {leak}")


def _extra(folder: Path, named: set[str]) -> Iterator[Finding]:
    for path in sorted(folder.rglob("*")):
        file = path.relative_to(folder).as_posix()
        inside_stems = file.startswith("stems/")
        if path.suffix.lower() in _AUDIO_SUFFIXES and file not in named and not inside_stems:
            yield Finding("warning", file, None, None, "no row names it")
