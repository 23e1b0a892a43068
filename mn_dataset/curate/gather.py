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
from mn_dataset.curate import labels
from mn_dataset.curate.user_tables import read_lines
from mn_dataset.errors import InputError
from mn_dataset.files.names import is_safe, printable, safe_name
from mn_dataset.records import NOISE_CLASSES, ROLES, Role
from mn_dataset.tables import COLUMNS, Row

OUR_COLUMNS = (
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
        path: Where it lies.
        original: Its path below the source, as text.
        role: "clean" or "noise".
        name: Its id without the role; files are named after it.
        row: What is known of it; id, file, start and duration are still the source's.
        where: Table and line that name it, or "".
    """

    path: Path
    original: str
    role: Role
    name: str
    row: Row
    where: str


@dataclass(frozen=True)
class _Claim:
    """What a table's line, or nothing but its folder, says about a file."""

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
    claims = list(_claims(source, stated, tree, rejected))
    found: list[Recording] = []
    files: dict[str, str] = {}
    names: dict[str, str] = {}
    for claim in claims:
        try:
            recording = _take(source, claim)
            _refuse_second("file", claim.file, files, claim)
            _refuse_second("id", f"{recording.role}/{recording.name}", names, claim)
            found.append(recording)
        except _Refused as refused:
            rejected.append(Rejection(_text(claim.file), claim.where, str(refused)))
    if not found and not rejected:
        raise InputError(
            f"{source}: no recordings; expected clean.csv and noise.csv, metadata.csv, or folders "
            "named after categories, such as piano/ and traffic/"
        )
    return _distinct(found, rejected), rejected


def _claims(
    source: Path, stated: set[Role], tree: Tree, rejected: list[Rejection]
) -> Iterator[_Claim]:
    """Yield what tables say, then the files that they do not name, where folders may speak."""
    named: set[str] = set()
    for role in ROLES:
        if role in stated:
            yield from _table_claims(source, f"{role}.csv", role, rejected)
    for table in [] if stated else tree.tables:
        for claim in _table_claims(source, table, None, rejected):
            named.add(claim.file)
            yield claim
    for file in tree.recordings:
        category = _folder_words(file)[0]
        # Beside one role's table, folders speak for the other role alone.
        if file not in named and (not stated or (category and _role(category) not in stated)):
            yield _Claim(file, {})


def _table_claims(
    source: Path, table: str, role: Role | None, rejected: list[Rejection]
) -> Iterator[_Claim]:
    folder = PurePosixPath(table).parent
    for line in read_lines(source / table):
        where = f"{printable(table)}:{line.number}"
        file = PurePosixPath(line.cells.get("file", ""))
        if line.fault:
            rejected.append(Rejection("", where, f"{line.fault}; correct the row"))
        elif file.is_absolute() or ".." in file.parts or not file.parts:
            text = f"column 'file' is {str(file)!r}; expected a path below the table's folder"
            rejected.append(Rejection(_text(str(file)), where, text))
        else:
            yield _Claim((folder / file).as_posix(), line.cells, where, role)


def _folder_words(file: str) -> tuple[str | None, str | None, Role | None, str]:
    """Return the category, split and role that a path's folders state, and what may be meant."""
    category = split = None
    role: Role | None = None
    meant = ""
    for part in PurePosixPath(file).parts[:-1]:
        if labels.category_of(part):
            category = category or labels.category_of(part)
        elif labels.split_of(part):
            split = split or labels.split_of(part)
        elif labels.role_of(part):
            role = role or labels.role_of(part)
        else:
            meant = meant or part
    return category, split, role, meant


def _role(category: str) -> Role:
    return "noise" if category in NOISE_CLASSES else "clean"


def _take(source: Path, claim: _Claim) -> Recording:
    """Judge one claim.

    Raises:
        _Refused: saying why.
    """
    path = source / claim.file
    odd = oddity(path)
    if odd is not None:
        raise _Refused(odd)
    role, row = _known(claim)
    name = row.id.removeprefix(f"{role}/")
    if not name:
        name = safe_name(claim.file, stem=path.stem)
    elif not is_safe(name):
        name = safe_name(name, stem=name)
    return Recording(path, printable(claim.file), role, name, row, claim.where)


def _known(claim: _Claim) -> tuple[Role, Row]:
    """Return the role and what is known, in the schema's words.

    Raises:
        _Refused: naming the column.
    """
    category, split, role, meant = _folder_words(claim.file)
    given = claim.cells.get("category", "")
    if given:
        category, role = labels.category_of(given), None
    if category is None:
        if not given and not meant:
            raise _Refused("lies in no folder named after a category, and no table names it")
        found = "column 'category'" if given else "its folder"
        raise _Refused(f"{found} {labels.unknown_category(given or meant)}")
    stated = claim.role or role
    if stated not in (None, _role(category)):
        raise _Refused(f"{category!r} is {_role(category)}, and it stands under {stated}; move it")
    cells = {name: claim.cells.get(name, "") for name in COLUMNS}
    cells["category"] = category
    cells["split"] = labels.split_of(cells["split"]) or cells["split"] or split or ""
    others = claim.cells.keys() - {"", *COLUMNS, *OUR_COLUMNS}
    further = tuple((name, text) for name, text in claim.cells.items() if name in others)
    row = Row(**cells, further=further, line=0)
    judged = replace(row, id=f"{_role(category)}/x", file="x", duration_s="")
    for problem in tables.problems([judged], _role(category)):
        raise _Refused(f"column {problem.column!r} {problem.text}")
    return _role(category), row


def _refuse_second(column: str, key: str, seen: dict[str, str], claim: _Claim) -> None:
    here = claim.where or _text(claim.file)
    first = seen.setdefault(key, here)
    if first != here:
        raise _Refused(f"column {column!r} says what {first} says already; remove one of them")


def _distinct(found: list[Recording], rejected: list[Rejection]) -> list[Recording]:
    """Leave out a recording whose id could be that of another one's cut."""
    names = {(recording.role, recording.name) for recording in found}
    kept = []
    for recording in found:
        base = re.sub(r"-\d{4,}$", "", recording.name)
        if base != recording.name and (recording.role, base) in names:
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
