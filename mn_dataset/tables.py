"""Read and write the metadata tables of a corpus, and name faults by file, row and column.

``clean.csv`` and ``noise.csv`` list recordings that are whole by themselves, ``stems.csv`` the
parts of songs. A corpus has the first two, the third, or all.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from mn_dataset.errors import InputError, TableError, suggestion
from mn_dataset.files.atomic import write_text
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, SPLITS, TABLES, Role

COLUMNS = (
    "id",
    "file",
    "category",
    "split",
    "group",
    "source",
    "license",
    "attribution",
    "url",
    "sha256",
    "start_s",
    "duration_s",
)
"""The schema's columns, in order; further ones are carried along after them."""

STEM_COLUMNS = tuple(name for name in COLUMNS if name != "category")
STEM_COLUMNS = (*STEM_COLUMNS[:2], "song", "stem", *STEM_COLUMNS[2:])
"""Those of ``stems.csv``: the song and the stem's name stand for the category."""

_OPTIONAL = ("url", "sha256", "start_s")
"""Columns that ``stems.csv`` may lack: whoever sums tracks has no address for the sum."""

_FILES: dict[Role, str] = {"clean": "clean.csv", "noise": "noise.csv", "stem": "stems.csv"}

CATEGORIES: dict[Role, tuple[str, ...]] = {"clean": MUSIC_CATEGORIES, "noise": NOISE_CLASSES}
"""What is allowed as one; a stem may have any name."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Row:
    """One recording's row; every field is the text that stands in the table.

    Attributes:
        category: Its music category, its noise class, or the name of the stem.
        song: What a stem is a part of, "" for other recordings. The rows of one song are aligned
            and equally long.
        line: Line of the table on which the row ends; 1 is the header.
        further: Columns beyond the schema, carried along.
    """

    id: str
    file: str
    category: str
    split: str = ""
    group: str = ""
    source: str = ""
    license: str = ""
    attribution: str = ""
    url: str = ""
    sha256: str = ""
    start_s: str = ""
    duration_s: str = ""
    song: str = ""
    further: tuple[tuple[str, str], ...] = ()
    line: int = field(default=0, compare=False)

    def columns(self) -> dict[str, str]:
        """Return the schema's columns, the song of a stem, and further columns."""
        song = {"song": self.song} if self.song else {}
        return {name: getattr(self, name) for name in COLUMNS} | song | dict(self.further)

    def with_split(self, split: str) -> Row:
        """Return the row in another split."""
        return replace(self, split=split)


Rows = Mapping[Role, Sequence[Row]]
"""The tables of a corpus."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with one cell.

    Attributes:
        line: Line of the table; 1 is the header.
        column: The column's name.
        text: Found, expected, and what to do.
    """

    line: int
    column: str
    text: str


def table_path(corpus: Path, role: Role) -> Path:
    """Return where a corpus keeps the table of a role."""
    return corpus / _FILES[role]


def tables_of(corpus: Path) -> tuple[Role, ...]:
    """Return which tables a corpus folder has, or should have.

    Those of clips and noises come as a pair: where one of them is, the other is expected.
    """
    there = tuple(role for role in TABLES if table_path(corpus, role).is_file())
    return there if there == ("stem",) else tuple(dict.fromkeys((*ROLES, *there)))


def read_table(path: Path, role: Role) -> list[Row]:
    """Read a table and refuse it at its first problem.

    Raises:
        TableError: naming file, row and column, and how many more problems there are.
    """
    rows = parse_table(path)
    wrong = list(problems(rows, role))
    if wrong:
        first, more = wrong[0], len(wrong) - 1
        rest = f" ({more} more: run `mn check {path.parent}`)" if more else ""
        raise TableError(f"{path}:{first.line}: column {first.column!r} {first.text}{rest}")
    return rows


def parse_table(path: Path) -> list[Row]:
    """Read a table's cells without judging them.

    Raises:
        InputError: if the file is missing or not UTF-8 CSV with the schema's header.
    """
    if not path.is_file():
        raise InputError(
            f"{path}: no such table; a corpus has clean.csv and noise.csv, or stems.csv"
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: not UTF-8 ({error.reason}); save the table as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(reader, [])
        _check_header(path, header)
        return [_row(path, header, cells, reader.line_num) for cells in reader if cells]
    except csv.Error as error:
        raise TableError(f"{path}:{reader.line_num}: not CSV ({error}); quote the cell") from error


def problems(rows: Iterable[Row], role: Role) -> Iterator[Problem]:
    """Judge rows against the schema, cell by cell."""
    seen: dict[str, int] = {}
    for row in rows:
        for column, text in _cell_problems(row, role):
            yield Problem(row.line, column, text)
        if row.id in seen:
            yield Problem(
                row.line, "id", f"is {row.id!r}, as on line {seen[row.id]}; ids are unique"
            )
        seen.setdefault(row.id, row.line)


def write_table(path: Path, rows: Sequence[Row]) -> None:
    """Write a table: UTF-8, LF, the schema's columns first.

    Raises:
        OutputError: if the file cannot be written.
    """
    further = list(dict.fromkeys(name for row in rows for name, _ in row.further))
    buffer = io.StringIO()
    names = [*_schema(path), *further]
    writer = csv.DictWriter(buffer, names, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(_cells(row, names) for row in rows)
    write_text(path, buffer.getvalue())


def _schema(path: Path) -> tuple[str, ...]:
    """Return the schema's columns of a table."""
    return STEM_COLUMNS if path.name == _FILES["stem"] else COLUMNS


def _cells(row: Row, names: Iterable[str]) -> dict[str, str]:
    """Return the cells of a row under the names of its table."""
    cells = row.columns() | {"song": row.song, "stem": row.category} | dict(row.further)
    return {name: cells[name] for name in names if name in cells}


def _check_header(path: Path, header: Sequence[str]) -> None:
    schema = _schema(path)
    optional = _OPTIONAL if schema is STEM_COLUMNS else ()
    missing = [name for name in schema if name not in (*header, *optional)]
    if missing:
        raise TableError(
            f"{path}:1: the header lacks {', '.join(missing)}; expected {','.join(schema)}"
        )
    if schema is STEM_COLUMNS and "category" in header:
        raise TableError(f"{path}:1: the header has category; a stem has none: rename the column")
    repeated = {name for name in header if header.count(name) > 1}
    if repeated:
        raise TableError(f"{path}:1: the header repeats {', '.join(sorted(repeated))}")


def _row(path: Path, header: Sequence[str], cells: Sequence[str], line: int) -> Row:
    if len(cells) != len(header):
        raise TableError(
            f"{path}:{line}: {len(cells)} cells, expected {len(header)} as in the header; "
            "quote cells that hold a comma"
        )
    named = dict(zip(header, cells, strict=True))
    columns = _schema(path)
    schema = {name: named.get(name, "") for name in columns}
    if columns is STEM_COLUMNS:
        schema["category"] = schema.pop("stem")
    further = tuple((name, text) for name, text in named.items() if name not in columns)
    return Row(**schema, further=further, line=line)


def _cell_problems(row: Row, role: Role) -> Iterator[tuple[str, str]]:
    if not row.id.startswith(f"{role}/") or row.id == f"{role}/":
        yield "id", f"is {row.id!r}; expected a name under {role!r}, such as '{role}/000001'"
    yield from _path_problems(row.file)
    yield from _category_problems(row, role)
    if row.split and row.split not in SPLITS:
        yield (
            "split",
            f"is {row.split!r}{suggestion(row.split, SPLITS)} Allowed: {', '.join(SPLITS)}",
        )
    if row.sha256 and not _SHA256.fullmatch(row.sha256):
        yield "sha256", f"is {row.sha256!r}; expected 64 lower-case hexadecimal digits or nothing"
    for column in ("start_s", "duration_s"):
        if getattr(row, column) and not _is_seconds(getattr(row, column)):
            yield column, f"is {getattr(row, column)!r}; expected seconds as a number, or nothing"


def _category_problems(row: Row, role: Role) -> Iterator[tuple[str, str]]:
    if role == "stem":
        for column, text in (("song", row.song), ("stem", row.category)):
            if not text.strip() or text != text.strip():
                yield column, f"is {text!r}; expected a name, without blanks around it"
        return
    allowed = CATEGORIES[role]
    if row.category not in allowed:
        yield (
            "category",
            f"is {row.category!r}{suggestion(row.category, allowed)} Allowed: {', '.join(allowed)}",
        )


def _path_problems(file: str) -> Iterator[tuple[str, str]]:
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts or "\\" in file or "\0" in file:
        yield "file", f"is {file!r}; expected a relative POSIX path that stays inside the corpus"


def _is_seconds(text: str) -> bool:
    try:
        return 0.0 <= float(text) < float("inf")
    except ValueError:
        return False
