"""Import the published corpus: every row is present, missing or different, and none is guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mn_dataset.catalogue.fetch.account import Account, Item
from mn_dataset.catalogue.fetch.complete import complete, judge
from mn_dataset.catalogue.fetch.lock import lock_path, read_lock
from mn_dataset.catalogue.fetch.order import Order
from mn_dataset.catalogue.fetch.workshop import Workshop
from mn_dataset.catalogue.licenses import ANY
from mn_dataset.catalogue.place import sweep
from mn_dataset.catalogue.published.bring import bring, standing
from mn_dataset.catalogue.published.convert import PROOFS, Made
from mn_dataset.catalogue.published.haul import check_place, haul
from mn_dataset.catalogue.published.recognise import names_of
from mn_dataset.catalogue.published.search import Haul, Search
from mn_dataset.catalogue.shelf import Rows
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row


def import_published(rows: Rows, order: Order, *, drives: Mapping[Role, str]) -> Account:
    """Put the corpus into ``order.folder`` and account for every row.

    Recordings come first and tables last. What nobody has published a hash of is pinned at its
    first use, and compared with that later. Killed anywhere, the same command goes on and ends in
    the same bytes; run again, it brings only what is missing or changed. The account alone tells
    of the last run.

    Args:
        rows: Both tables; a row with ``url`` and ``sha256`` has a file of its own, any other is in
            the shared archive of its role.
        order: What is asked for; licences are not gated unless it says so, for nothing is
            published here.
        drives: Addresses of the shared archives.

    Raises:
        InputError: if an option is wrong, or nothing can be taken from ``order.origin``.
        OutputError: if the folder holds another corpus, or cannot be written.
    """
    check_place(order.origin)
    passes = judge(rows, order, default=ANY)
    lock = order.lock or lock_path(order.folder)
    shop = Workshop(order, lock, read_lock(lock))
    order.folder.mkdir(parents=True, exist_ok=True)
    sweep(order.folder)
    shop.close()  # in order, also where a killed run left half a line
    asked = {role: [row for row in rows[role] if passes(row.license)] for role in ROLES}
    wanted = [row for role in ROLES for row in asked[role]]
    fates = standing(wanted, shop)
    lacking, found = [row for row in wanted if row.id not in fates], Haul()
    if lacking:
        search = Search(names_of(rows), order.folder, shop.pins)
        found = haul(lacking, search, order, drives=drives)
        fates |= bring(lacking, found, shop)
    there = {role: [r for r in asked[role] if fates[r.id].status == "present"] for role in ROLES}
    done = complete(asked, there, rows=rows, shop=shop, passes=passes)
    items = [_item(row, fates) for role in ROLES for row in rows[role]]
    items += [_filling(row, shop) for role in ROLES for row in done.filled[role]]
    made = sum(fates[row.id].status == "present" for row in lacking) + len(shop.made)
    notes = (*found.notes, *_notes(items, shop), *done.notes)
    return Account(order.folder, tuple(items), made=made, has_tables=done.has_tables, notes=notes)


def _item(row: Row, fates: Mapping[str, Made]) -> Item:
    made = fates.get(row.id)
    if made is None:
        return Item(row.id, row.file, "left out", "by the licence gate", row.license)
    return Item(row.id, row.file, made.status, made.detail, row.license)


def _filling(row: Row, shop: Workshop) -> Item:
    return Item(row.id, row.file, "present", shop.proof(row), row.license)


def _notes(items: Sequence[Item], shop: Workshop) -> list[str]:
    present = [item.detail for item in items if item.status == "present"]
    proofs = {proof: sum(proof in detail for detail in present) for proof in PROOFS}
    notes = [", ".join(f"{n} {proof}" for proof, n in proofs.items() if n)]
    odd = sum(" s of " in detail for detail in present)
    if odd:
        notes.append(f"{odd} do not last as the tables state; the account tells which")
    if any(item.status == "different" for item in items):
        notes.append(f"the lock is {shop.lock}")
    return [note for note in notes if note]
