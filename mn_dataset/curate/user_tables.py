"""Read tables of recordings, and the words in them, as people write them.

Tables are CSV or JSON lines with any columns in any order; categories, splits and roles are read in
any case, with blanks, hyphens or underscores, in tables and in names of folders alike.
"""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.errors import TableError, suggestion
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, SPLITS, Role
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
# What the Hugging Face library reads as a split, besides the three names themselves.
_SPLIT_WORDS = {
    **{name: name for name in SPLITS},
    **dict.fromkeys(("training",), "train"),
    **dict.fromkeys(("val", "valid", "dev"), "validation"),
    **dict.fromkeys(("eval", "evaluation", "testing"), "test"),
}
_ROLE_WORDS: dict[str, Role] = {
    **dict.fromkeys(("clean", "music"), ROLES[0]),
    **dict.fromkeys(("noise", "noises"), ROLES[1]),
}


@dataclass(frozen=True)
class TableLine:
    """One row of a table.

    Attributes:
        number: Line of the file on which the row ends.
        cells: By column; empty when the row is at fault.
        fault: Why the row cannot be read, or "".
    """

    number: int
    cells: dict[str, str]
    fault: str = ""


def read_user_table(path: Path) -> list[TableLine]:
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


def fold(text: str) -> str:
    """Forget case, blanks, hyphens, underscores and full stops.

    >>> fold("Drum-Kit "), fold("drum_kit")
    ('drumkit', 'drumkit')
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


_CATEGORIES = {fold(name): name for name in (*MUSIC_CATEGORIES, *NOISE_CLASSES)}


def category_of(text: str) -> str | None:
    """Return the music category or noise class that is meant.

    >>> category_of("Chinese Lute"), category_of("banjo")
    ('chinese_lute', None)
    """
    return _CATEGORIES.get(fold(text))


def split_of(text: str) -> str | None:
    """Return the split that is meant.

    >>> split_of("Dev"), split_of("piano")
    ('validation', None)
    """
    return _SPLIT_WORDS.get(fold(text))


def role_of(text: str) -> Role | None:
    """Return the role that a folder's name states.

    >>> role_of("Noise"), role_of("piano")
    ('noise', None)
    """
    return _ROLE_WORDS.get(fold(text))


def unknown_category(text: str) -> str:
    """Say that a category is unknown, with the nearest one."""
    names = (*MUSIC_CATEGORIES, *NOISE_CLASSES)
    return f"is {text!r}{suggestion(text.replace(' ', '_'), names)} Allowed: {', '.join(names)}"


def _csv_lines(path: Path, text: str) -> Iterator[TableLine]:
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
                yield TableLine(reader.line_num, {}, fault)
            else:
                named = zip(header, cells, strict=True)
                yield TableLine(reader.line_num, {name: _text(name, cell) for name, cell in named})
    except csv.Error as error:
        raise TableError(f"{path}:{reader.line_num}: not CSV ({error}); quote the cell") from error


def _json_lines(text: str) -> Iterator[TableLine]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            yield TableLine(number, {}, "not a JSON object")
            continue
        named = zip(_columns(list(content)), content.values(), strict=True)
        cells = {name: _text(name, value) for name, value in named}
        yield TableLine(number, cells, "" if cells.get("file") else "names no file")


def _columns(header: Sequence[str]) -> list[str]:
    """Return the schema's words for columns, where the words themselves are not there too."""
    names = [name.strip() for name in header]
    words = [_SYNONYMS.get(name.lower(), name) for name in names]
    return [name if word in names else word for name, word in zip(names, words, strict=True)]


def _text(column: str, value: object) -> str:
    """Return a cell as text that UTF-8 and CSV can hold; names of files stay as they are."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if column == "file":
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    return text.encode("utf-8", "backslashreplace").decode()
