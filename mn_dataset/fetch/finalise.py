"""Make a corpus of fetched recordings: fill cells, write the tables, remove what is stale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mn_dataset import tables
from mn_dataset.errors import InputError, OutputError
from mn_dataset.fetch.lockfile import pinned_row
from mn_dataset.fetch.session import FetchRequest, Session, check_fill, fillings
from mn_dataset.files.atomic import remove_file
from mn_dataset.licenses import gate
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row, Rows

LicenseGate = Callable[[str], bool]
"""Tells whether a licence is let in."""


@dataclass(frozen=True)
class Finalised:
    """What was made of a folder.

    Attributes:
        filled: Rows of the embedded corpus that fill cells.
        has_tables: Whether the tables were written.
        notes: Lines for a person.
    """

    filled: Rows
    has_tables: bool
    notes: tuple[str, ...]


def check_request(rows: Rows, request: FetchRequest, *, default: str) -> LicenseGate:
    """Refuse what cannot be done before anything is; return the licence gate.

    Args:
        rows: Both tables of the corpus.
        request: What is asked for.
        default: The licences that are let in when none are named, "free" or "any".

    Raises:
        InputError: if a parameter is wrong, or the gate lets nothing in.
        OutputError: if the folder holds another corpus.
    """
    check_fill(request.fill)
    licenses = {row.license for role in ROLES for row in rows[role]}
    passes = gate(request.license_allow, stated=licenses, default=default)
    if not any(map(passes, licenses)):
        allowed = ",".join(request.license_allow or (default,))
        names = ", ".join(sorted(name or "unknown" for name in licenses))
        raise InputError(
            f"license_allow is {allowed}: no recording of the corpus is under it; its licences are "
            f"{names}"
        )
    _refuse_other_corpus(rows, request.folder)
    return passes


def finalise(
    allowed: Rows, present: Rows, *, rows: Rows, session: Session, passes: LicenseGate
) -> Finalised:
    """Fill cells, write the tables if nothing is missing or that is allowed, and tidy up.

    Args:
        allowed: The rows that the licence gate lets in.
        present: Those whose recording is in the folder.
        rows: All rows of the corpus.
        session: What makes and pins recordings.
        passes: The licence gate.

    Raises:
        OutputError: if something cannot be written.
    """
    request = session.request
    can_have_tables = present == allowed or request.allow_missing
    fills = can_have_tables and request.fill
    filled = fillings(present, passes) if fills else {role: [] for role in ROLES}
    complete: dict[Role, list[Row]] = {}
    for role in ROLES:
        session.fill(filled[role])
        complete[role] = [*present[role], *(row for row in filled[role] if session.has(row))]
    empty = [role for role in ROLES if not complete[role]]
    has_tables = can_have_tables and not empty
    notes = []
    if not has_tables:
        notes.append(
            "take what is missing from elsewhere with `origin`, or leave it out with allow_missing"
        )
    if empty:
        notes.append(f"there is no {' and no '.join(empty)} recording, and a corpus needs both")
    if has_tables:
        notes += _write_tables(complete, session)
        notes += _remove_stale(rows, complete, request.folder)
    session.close()
    return Finalised(filled, has_tables, tuple(notes))


def _refuse_other_corpus(rows: Rows, folder: Path) -> None:
    ids = {row.id for row in _possible(rows)}
    for role in ROLES:
        path = tables.table_path(folder, role)
        for row in tables.parse_table(path) if path.exists() else ():
            if row.id not in ids:
                raise OutputError(
                    f"{path}:{row.line}: {row.id!r} is no recording of the corpus that is to be "
                    f"fetched; {folder} holds another: choose another folder"
                )


def _write_tables(rows: Rows, session: Session) -> list[str]:
    """Write both tables; say what was undone in them."""
    notes = []
    for role in ROLES:
        path = tables.table_path(session.request.folder, role)
        new_rows = [pinned_row(row, session.pins[row.id]) for row in rows[role]]
        splits = {row.id: row.split for row in new_rows}
        old_rows = tables.parse_table(path) if path.exists() else []
        changed = sum(row.split != splits.get(row.id, row.split) for row in old_rows)
        if changed:
            notes.append(f"{path}: {changed} splits set back to those of the corpus")
        tables.write_table(path, new_rows)
    return notes


def _remove_stale(rows: Rows, complete: Rows, folder: Path) -> list[str]:
    """Remove the recordings that the tables do not name; say how many."""
    named = {row.file for role in ROLES for row in complete[role]}
    stale = [folder / row.file for row in _possible(rows) if row.file not in named]
    present = [path for path in stale if path.is_file()]
    for path in present:
        remove_file(path, within=folder)
    return [f"{len(present)} recordings removed that the tables no longer name"] * bool(present)


def _possible(rows: Rows) -> list[Row]:
    """Return every row that the folder may hold: the corpus's own, and what can fill its cells."""
    nothing: Rows = {role: [] for role in ROLES}
    return [row for table in (rows, fillings(nothing)) for role in ROLES for row in table[role]]
