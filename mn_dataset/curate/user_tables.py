"""Read tables of recordings as people write them: CSV or JSON lines, any columns in any order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.errors import TableError
from mn_dataset.tables import COLUMNS

_SYNONYMS = {
    **{name: name for name in COLUMNS},
    "file_name": "file",
    "filename": "file",
    "path": "file",
    "label": "category",
    "class": "category",
    "music_category": "category",
    "noise_class": "category",
    "licence": "license",
}


@dataclass(frozen=True)
class Line:
    """One row of a table.

    Attributes:
        number: Line of the file on which the row ends.
        cells: By column; empty when the row is at fault.
        fault: Why the row cannot be read, or "".
    """

    number: int
    cells: dict[str, str]
    fault: str = ""


def read_lines(path: Path) -> list[Line]:
    """Read a table; a row that cannot be read is one with its fault.

    Raises:
        TableError: if the table as a whole cannot be read, or nothing in it names files.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: not UTF-8 ({error.reason}); save the table as UTF-8") from error
    except OSError as error:
        raise TableError(f"{path}: cannot be read ({error.strerror})") from error
    return list(_json_lines(text) if path.suffix == ".jsonl" else _csv_lines(path, text))


def _csv_lines(path: Path, text: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = _columns(next(reader, []))
        if "file" not in header:
            raise TableError(f"{path}:1: no column 'file' or 'file_name' names recordings; add it")
        repeated = {name for name in header if header.count(name) > 1}
        if repeated:
            raise TableError(f"{path}:1: the header repeats {', '.join(sorted(repeated))}")
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                fault = f"{len(cells)} cells, expected {len(header)} as in the header"
                yield Line(reader.line_num, {}, fault)
            else:
                named = zip(header, cells, strict=True)
                yield Line(reader.line_num, {name: _text(name, cell) for name, cell in named})
    except csv.Error as error:
        raise TableError(f"{path}:{reader.line_num}: not CSV ({error}); quote the cell") from error


def _json_lines(text: str) -> Iterator[Line]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            yield Line(number, {}, "not a JSON object")
            continue
        named = zip(_columns(list(found)), found.values(), strict=True)
        cells = {name: _text(name, value) for name, value in named}
        yield Line(number, cells, "" if cells.get("file") else "names no file")


def _columns(names: Sequence[str]) -> list[str]:
    """Return the schema's words for columns, where the words themselves are not there too."""
    found = [name.strip() for name in names]
    meant = [_SYNONYMS.get(name.lower(), name) for name in found]
    return [name if word in found else word for name, word in zip(found, meant, strict=True)]


def _text(column: str, value: object) -> str:
    """Return a cell as text that UTF-8 and CSV can hold; names of files stay as they are."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if column == "file":
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text.encode("utf-8", "backslashreplace").decode()
