"""Find the recordings of a folder, and what its tables and folders say about each.

Three layouts are known, also mixed: `clean.csv` and `noise.csv`; `metadata.csv` or
`metadata.jsonl` beside the recordings; and folders named after splits, roles and categories.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mn_dataset import tables
from mn_dataset.audio.scan import Rejection, Tree, oddity, walk
from mn_dataset.curate.user_tables import (
    category_of,
    read_user_table,
    role_of,
    split_of,
    unknown_category,
)
from mn_dataset.errors import InputError
from mn_dataset.files.names import is_safe, printable, safe_name
from mn_dataset.records import NOISE_CLASSES, ROLES, Role
from mn_dataset.tables import COLUMNS, Row

CURATED_COLUMNS = (
    "original",
    "original_sha256",
    "original_duration_s",
    "gain_db",
    "loudness_lufs",
    "dc_offset",
    "pcm_sha256",
)
"""What the corpus's tables say beyond the schema; a source's columns of that name are dropped."""


@dataclass(frozen=True)
class Recording:
    """A recording that is to be converted.

    Attributes:
        path: The file.
        original: Its path below the source, as text.
        role: "clean" or "noise".
        name: Its id without the role; files are named after it.
        row: What the source states; id, file, start and duration are still the source's.
        where: Table and line that name it, or "".
    """

    path: Path
    original: str
    role: Role
    name: str
    row: Row
    where: str

    @property
    def id(self) -> str:
        """The namespaced id, such as ``clean/piano/01``."""
        return f"{self.role}/{self.name}"


@dataclass(frozen=True)
class _Statement:
    """What a line of a table says about a file; without cells, only its folders say something."""

    file: str
    cells: dict[str, str]
    where: str = ""
    role: Role | None = None


class _Refused(Exception):
    """Why a file cannot be taken."""


def gather(source: Path) -> tuple[list[Recording], list[Rejection]]:
    """Return every recording of a folder in a fixed order, and what cannot be one.

    Raises:
        InputError: if the folder or a table of it cannot be read, or holds no recordings.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder; expected one that holds recordings")
    stated = {role for role in ROLES if tables.table_path(source, role).is_file()}
    tree = Tree() if len(stated) == len(ROLES) else walk(source)
    rejected = [] if stated else tree.rejected
    statements = list(_statements(source, stated, tree, rejected))
    recordings: list[Recording] = []
    files: dict[str, str] = {}
    ids: dict[str, str] = {}
    for statement in statements:
        try:
            recording = _recording(source, statement)
            _refuse_second("file", statement.file, files, statement)
            _refuse_second("id", recording.id, ids, statement)
            recordings.append(recording)
        except _Refused as refused:
            rejected.append(Rejection(_text(statement.file), statement.where, str(refused)))
    if not recordings and not rejected:
        raise InputError(
            f"{source}: no recordings; expected clean.csv and noise.csv, metadata.csv, or folders "
            "named after categories, such as piano/ and traffic/"
        )
    return _distinct(recordings, rejected), rejected


def _statements(
    source: Path, stated: set[Role], tree: Tree, rejected: list[Rejection]
) -> Iterator[_Statement]:
    """Yield what tables say, then the files that they do not name, where folders may speak."""
    named: set[str] = set()
    for role in ROLES:
        if role in stated:
            yield from _table_statements(source, f"{role}.csv", role, rejected)
    for table in [] if stated else tree.tables:
        for statement in _table_statements(source, table, None, rejected):
            named.add(statement.file)
            yield statement
    for file in tree.recordings:
        category = _folder_words(file)[0]
        # Beside one role's table, folders speak for the other role alone.
        if file not in named and (not stated or (category and _role(category) not in stated)):
            yield _Statement(file, {})


def _table_statements(
    source: Path, table: str, role: Role | None, rejected: list[Rejection]
) -> Iterator[_Statement]:
    folder = PurePosixPath(table).parent
    for line in read_user_table(source / table):
        where = f"{printable(table)}:{line.number}"
        file = PurePosixPath(line.cells.get("file", ""))
        if line.fault:
            rejected.append(Rejection("", where, f"{line.fault}; correct the row"))
        elif file.is_absolute() or ".." in file.parts or not file.parts:
            text = f"column 'file' is {str(file)!r}; expected a path below the table's folder"
            rejected.append(Rejection(_text(str(file)), where, text))
        else:
            yield _Statement((folder / file).as_posix(), line.cells, where, role)


def _folder_words(file: str) -> tuple[str | None, str | None, Role | None, str]:
    """Return the category, split and role that a path's folders state, and the first other name."""
    category = split = None
    role: Role | None = None
    other = ""
    for part in PurePosixPath(file).parts[:-1]:
        if category_of(part):
            category = category or category_of(part)
        elif split_of(part):
            split = split or split_of(part)
        elif role_of(part):
            role = role or role_of(part)
        else:
            other = other or part
    return category, split, role, other


def _role(category: str) -> Role:
    return "noise" if category in NOISE_CLASSES else "clean"


def _recording(source: Path, statement: _Statement) -> Recording:
    """Return the recording that a statement is about.

    Raises:
        _Refused: saying why there is none.
    """
    path = source / statement.file
    fault = oddity(path)
    if fault is not None:
        raise _Refused(fault)
    role, row = _role_and_row(statement)
    name = row.id.removeprefix(f"{role}/")
    if not name:
        name = safe_name(statement.file, stem=path.stem)
    elif not is_safe(name):
        name = safe_name(name, stem=name)
    return Recording(path, printable(statement.file), role, name, row, statement.where)


def _role_and_row(statement: _Statement) -> tuple[Role, Row]:
    """Return the role and what is stated, in the schema's words.

    Raises:
        _Refused: naming the column.
    """
    category, split, folder_role, other = _folder_words(statement.file)
    label = statement.cells.get("category", "")
    if label:
        category, folder_role = category_of(label), None
    if category is None:
        if not label and not other:
            raise _Refused("lies in no folder named after a category, and no table names it")
        where = "column 'category'" if label else "its folder"
        raise _Refused(f"{where} {unknown_category(label or other)}")
    role, stated_role = _role(category), statement.role or folder_role
    if stated_role not in (None, role):
        raise _Refused(f"{category!r} is {role}, and it stands under {stated_role}; move it")
    cells = {name: statement.cells.get(name, "") for name in COLUMNS}
    cells["category"] = category
    cells["split"] = split_of(cells["split"]) or cells["split"] or split or ""
    others = statement.cells.keys() - {"", *COLUMNS, *CURATED_COLUMNS}
    further = tuple((name, text) for name, text in statement.cells.items() if name in others)
    row = Row(**cells, further=further, line=0)
    judged = replace(row, id=f"{role}/x", file="x", duration_s="")
    for problem in tables.problems([judged], role):
        raise _Refused(f"column {problem.column!r} {problem.text}")
    return role, row


def _refuse_second(column: str, key: str, seen: dict[str, str], statement: _Statement) -> None:
    where = statement.where or _text(statement.file)
    first = seen.setdefault(key, where)
    if first != where:
        raise _Refused(f"column {column!r} says what {first} says already; remove one of them")


def _distinct(recordings: list[Recording], rejected: list[Rejection]) -> list[Recording]:
    """Leave out a recording whose id could be that of another one's cut."""
    ids = {recording.id for recording in recordings}
    kept = []
    for recording in recordings:
        base = re.sub(r"-\d{4,}$", "", recording.name)
        if base != recording.name and f"{recording.role}/{base}" in ids:
            text = f"column 'id' could be that of a cut of {base!r}; choose another"
            rejected.append(Rejection(recording.original, recording.where, text))
        else:
            kept.append(recording)
    return kept


def _text(file: str) -> str:
    try:
        return printable(file)
    except UnicodeEncodeError:  # a surrogate that no file name can hold
        return repr(file)
