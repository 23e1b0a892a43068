"""Turn what is there into a corpus: fill holes, write tables, keep folder and tables in step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mn_dataset import tables
from mn_dataset.errors import InputError, OutputError
from mn_dataset.fetch.lockfile import pinned_row
from mn_dataset.fetch.request import Order
from mn_dataset.fetch.session import Workshop, check_fill, fillings
from mn_dataset.licenses import gate
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row, Rows

Passes = Callable[[str], bool]
"""Tells whether the licence gate lets a licence in."""


@dataclass(frozen=True)
class Completed:
    """What was made of a folder.

    Attributes:
        filled: Rows of the embedded corpus that fill holes.
        has_tables: Whether the tables were written.
        notes: Lines for a person.
    """

    filled: Rows
    has_tables: bool
    notes: tuple[str, ...]


def judge(rows: Rows, order: Order, *, default: str) -> Passes:
    """Refuse what cannot be done before anything is; return the licence gate.

    Args:
        rows: Both tables of the corpus.
        order: What is asked for.
        default: The licences that are let in when none are named, "free" or "any".

    Raises:
        InputError: if an option is wrong, or the gate lets nothing in.
        OutputError: if the folder holds another corpus.
    """
    check_fill(order.fill)
    stated = {row.license for role in ROLES for row in rows[role]}
    passes = gate(order.license_allow, stated=stated, default=default)
    if not any(map(passes, stated)):
        asked = ",".join(order.license_allow or (default,))
        names = ", ".join(sorted(name or "unknown" for name in stated))
        raise InputError(
            f"--license-allow {asked}: no recording of the corpus is under it; its licences are "
            f"{names}"
        )
    _refuse_strangers(rows, order.folder)
    return passes


def complete(asked: Rows, there: Rows, *, rows: Rows, shop: Workshop, passes: Passes) -> Completed:
    """Fill holes, write the tables if nothing is missing or that is allowed, and tidy up.

    Args:
        asked: The rows that the licence gate lets in.
        there: Those whose recording is in the folder.
        rows: All rows of the corpus.
        shop: What makes and pins recordings.
        passes: The licence gate.
    """
    order = shop.order
    has_tables = there == asked or order.allow_missing
    filled = fillings(there, passes) if has_tables and order.fill else {role: [] for role in ROLES}
    whole: dict[Role, list[Row]] = {}
    for role in ROLES:
        shop.fill(filled[role])
        whole[role] = [*there[role], *(row for row in filled[role] if shop.has(row))]
    empty = [role for role in ROLES if not whole[role]]
    has_tables = has_tables and not empty
    notes = []
    if not has_tables:
        notes.append(
            "take what is missing from elsewhere with --from, or leave it out with --allow-missing"
        )
    if empty:
        notes.append(f"there is no {' and no '.join(empty)} recording, and a corpus needs both")
    if has_tables:
        notes += _write_tables(rows, whole, shop)
    shop.close()
    return Completed(filled, has_tables, tuple(notes))


def _refuse_strangers(rows: Rows, folder: Path) -> None:
    known = {row.id for row in _possible(rows)}
    for role in ROLES:
        path = tables.table_path(folder, role)
        for row in tables.parse_table(path) if path.exists() else ():
            if row.id not in known:
                raise OutputError(
                    f"{path}:{row.line}: {row.id!r} is no recording of the corpus that is to be "
                    f"fetched; {folder} holds another: choose another --root"
                )


def _write_tables(rows: Rows, whole: Rows, shop: Workshop) -> list[str]:
    """Write both tables, then remove the recordings that they do not name; tell what was undone."""
    folder, notes = shop.order.folder, []
    for role in ROLES:
        path = tables.table_path(folder, role)
        stated = [pinned_row(row, shop.pins[row.id]) for row in whole[role]]
        splits = {row.id: row.split for row in stated}
        written = tables.parse_table(path) if path.exists() else []
        changed = sum(row.split != splits.get(row.id, row.split) for row in written)
        if changed:
            notes.append(f"{path}: {changed} splits set back to those of the corpus")
        tables.write_table(path, stated)
    named = {row.file for role in ROLES for row in whole[role]}
    stale = [folder / row.file for row in _possible(rows) if row.file not in named]
    removed = [path for path in stale if path.is_file()]
    for path in removed:
        path.unlink()
        for above in path.relative_to(folder).parents[:-1]:
            if not any((folder / above).iterdir()):
                (folder / above).rmdir()
    if removed:
        notes.append(f"{len(removed)} recordings removed that the tables no longer name")
    return notes


def _possible(rows: Rows) -> list[Row]:
    """Return every row that the folder may hold: the corpus's own, and what can fill its cells."""
    own = [row for role in ROLES for row in rows[role]]
    return own + [row for held in fillings({role: [] for role in ROLES}).values() for row in held]
