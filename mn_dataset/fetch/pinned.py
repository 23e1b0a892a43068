"""Fetch a corpus whose every row names an address, a hash and a cut.

Recordings come first and tables last: a folder with tables is whole. Killed anywhere, the same
command goes on and ends in the same bytes; run again, it makes only what is missing or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mn_dataset.audio.place import sweep
from mn_dataset.fetch.finalise import Passes, complete, judge
from mn_dataset.fetch.lockfile import lock_path, read_lock
from mn_dataset.fetch.originals import check_origin
from mn_dataset.fetch.report import Account, Item, Status
from mn_dataset.fetch.request import Order
from mn_dataset.fetch.session import Workshop
from mn_dataset.licenses import FREE
from mn_dataset.records import ROLES
from mn_dataset.tables import Row, Rows


def fetch_pinned(rows: Rows, order: Order) -> Account:
    """Put a corpus into ``order.folder`` and account for every row.

    Args:
        rows: Both tables, every row with ``url``, ``sha256``, ``start_s`` and ``duration_s``; if
            its further columns state ``pcm_sha256`` and ``pcm_sketch``, the cut is compared.
        order: What is asked for.

    Raises:
        InputError: if an option is wrong, or the licence gate lets nothing in.
        OutputError: if the folder holds another corpus, or cannot be written.
    """
    check_origin(order.origin)
    passes = judge(rows, order, default=FREE)
    lock = order.lock or lock_path(order.folder)
    workshop = Workshop(order, lock, read_lock(lock))
    sweep(order.folder)
    workshop.close()  # in order, also where a killed run left half a line
    asked = {role: [row for row in rows[role] if passes(row.license)] for role in ROLES}
    workshop.cut([row for role in ROLES for row in asked[role]])
    there = {role: [row for row in asked[role] if workshop.has(row)] for role in ROLES}
    done = complete(asked, there, rows=rows, shop=workshop, passes=passes)
    items = tuple(
        _item(row, workshop, passes) for role in ROLES for row in (*rows[role], *done.filled[role])
    )
    made = sum(item.status == "present" and item.id in workshop.made for item in items)
    notes = (*_proofs(items), *done.notes)
    return Account(order.folder, items, made=made, has_tables=done.has_tables, notes=notes)


def _item(row: Row, workshop: Workshop, passes: Passes) -> Item:
    if not passes(row.license):
        return Item(row.id, row.file, "left out", "by the licence gate", row.license)
    made = workshop.made.get(row.id)
    if made is not None and made.problem:
        status: Status = "different" if made.agreement == "different" else "missing"
        return Item(row.id, row.file, status, made.problem, row.license)
    if not workshop.has(row):
        pinned = workshop.lock if row.id in workshop.pins else "the corpus's metadata"
        cure = "update soundfile, whose decoder it is, or leave the row out with --allow-missing"
        detail = f"its samples are not those that are pinned in {pinned}; {cure}"
        return Item(row.id, row.file, "different", detail, row.license)
    return Item(row.id, row.file, "present", workshop.proof(row), row.license)


def _proofs(items: Sequence[Item]) -> list[str]:
    proofs = Counter(item.detail for item in items if item.status == "present")
    return [", ".join(f"{count} {proof}" for proof, count in sorted(proofs.items()))] * bool(proofs)
