"""Judge a table's cells against the schema."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from mn_dataset import tables
from mn_dataset.catalogue.check.finding import Finding
from mn_dataset.errors import TableError
from mn_dataset.records import Role
from mn_dataset.tables import Row


def read_and_judge(path: Path, role: Role) -> tuple[list[Row], list[Finding]]:
    """Read a table and judge its cells; one that is no table has no rows, and one finding.

    Raises:
        InputError: if there is no such file.
    """
    try:
        rows = tables.parse_table(path)
    except TableError as error:
        text, _, cure = str(error).removeprefix(f"{path}:").strip().partition("; ")
        return [], [Finding("error", "table", str(path), None, None, text, cure)]
    return rows, list(_findings(path, role, rows))


def _findings(path: Path, role: Role, rows: Sequence[Row]) -> Iterator[Finding]:
    """Yield what is wrong with the cells of a table, whatever the audio says."""
    for problem in tables.problems(rows, role):
        yield Finding(
            "error",
            "cell",
            str(path),
            problem.line,
            problem.column,
            problem.text,
            "correct the cell",
        )
    if not rows:
        text = "has no rows, and mixtures need clips and noises"
        yield Finding("warning", "empty", str(path), None, None, text, "add recordings to mix")
    yield from _unknown_licences(path, rows)


def _unknown_licences(path: Path, rows: Sequence[Row]) -> Iterator[Finding]:
    lines = [row.line for row in rows if not row.license]
    if lines:
        text = f"is unknown in {len(lines)} of {len(rows)} rows ({_spans(lines)})"
        cure = "they can be built but not published: fill in what is known"
        yield Finding("warning", "license", str(path), lines[0], "license", text, cure)


def _spans(lines: Sequence[int]) -> str:
    """Write line numbers shortly.

    >>> _spans([2, 3, 4, 9])
    'lines 2-4, 9'
    """
    spans: list[list[int]] = []
    for line in lines:
        if spans and line == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], line]
        else:
            spans.append([line])
    return "lines " + ", ".join("-".join(map(str, span)) for span in spans)
