"""Fill the cells of a corpus that have no row from the embedded corpus, marked in every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mn_dataset.catalogue.fetch.cut import Made, place
from mn_dataset.catalogue.fetch.lock import Pin
from mn_dataset.catalogue.shelf import Rows
from mn_dataset.catalogue.synthetic.corpus import Plan, make, mixture, plans
from mn_dataset.errors import UnknownName
from mn_dataset.records import ROLES, SYNTHETIC, Role
from mn_dataset.tables import Row

_SEED = 0


def check_fill(fill: str | None) -> None:
    """Refuse to fill from anything but the embedded corpus.

    Raises:
        UnknownName: with the nearest suggestion.
    """
    if fill not in (None, SYNTHETIC):
        raise UnknownName("corpus to fill from", str(fill), [SYNTHETIC])


def fillings(rows: Rows, passes: Callable[[str], bool] = lambda _: True) -> dict[Role, list[Row]]:
    """Return the embedded corpus's rows for every cell (category and split) that has none.

    Their ids and files have a namespace of their own, such as ``clean/synthetic/harp/01``.

    Args:
        rows: What the corpus has.
        passes: The licence gate.
    """
    held = {(role, row.category, row.split) for role in ROLES for row in rows[role]}
    found: dict[Role, list[Row]] = {role: [] for role in ROLES}
    for plan in plans():
        row = _row(plan)
        if (plan.role, plan.category, plan.split) not in held and passes(row.license):
            found[plan.role].append(row)
    return found


def make_filling(folder: Path, row: Row, locked: Pin | None) -> Made:
    """Make one recording of the embedded corpus and put it in a row's place."""
    plan = next(plan for plan in plans() if _row(plan).id == row.id)
    return place(row, mixture(make(plan, seed=_SEED)), folder=folder, locked=locked)


def _row(plan: Plan) -> Row:
    name = plan.id.replace("/", f"/{SYNTHETIC}/", 1)
    return replace(plan.row(_SEED), id=name, file=f"{name}.wav")
