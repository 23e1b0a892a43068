"""Import the published corpus: every row is present, missing or different, and none is guessed.

Bring the recordings that a corpus folder lacks into it, several at a time, pinning each.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.audio.place import sweep
from mn_dataset.errors import FetchError, MnError
from mn_dataset.fetch.clips import stands
from mn_dataset.fetch.finalise import complete, judge
from mn_dataset.fetch.lockfile import Pin, append_pin, lock_path, read_lock
from mn_dataset.fetch.published.candidates import Candidate
from mn_dataset.fetch.published.locate import Haul, Search, check_place, haul
from mn_dataset.fetch.published.match import names_of, staged
from mn_dataset.fetch.published.recording import EQUAL, PROOFS, PROVEN, Made, convert
from mn_dataset.fetch.report import Account, Item
from mn_dataset.fetch.request import Order
from mn_dataset.fetch.session import Workshop
from mn_dataset.licenses import ANY
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row, Rows
from mn_dataset.workers import each


def standing(rows: Sequence[Row], shop: Workshop) -> dict[str, Made]:
    """Return the rows whose files stand in the folder as they were pinned, by id."""
    found = {}
    for row in rows:
        pinned = shop.pins.get(row.id)
        if pinned is None:
            continue
        if stands(shop.order.folder, replace(row, sha256=pinned.original_sha256), pinned):
            proofs = [PROVEN, EQUAL] if row.sha256 == pinned.original_sha256 else [EQUAL]
            found[row.id] = Made(row, "present", "; ".join(proofs), pinned)
    return found


def bring(rows: Sequence[Row], found: Haul, shop: Workshop) -> dict[str, Made]:
    """Convert what was got hold of and put it in its place, pinning each recording as it comes.

    Args:
        rows: What the folder lacks.
        found: Where the recordings are.
        shop: The folder, its lock and its pins.

    Raises:
        OutputError: if something cannot be written.
    """
    known = {row.id: row for row in rows}
    wanted = {candidate: known[name] for name, candidate in found.files.items()}
    fates = {row.id: Made(row, "missing", found.reasons[row.id]) for row in found.left(rows)}
    trouble: list[MnError] = []
    pieces = _pieces(wanted, shop, fates, trouble)
    workers = max(1, min(shop.order.workers, len(wanted)))
    for done, made in enumerate(each(_convert, pieces, workers=workers, ordered=False), start=1):
        fates[made.row.id] = made
        if made.pin is not None:
            append_pin(shop.lock, made.pin)
            shop.pins[made.row.id] = made.pin
        if shop.order.progress:
            shop.order.progress(done, len(wanted))
    for error in trouble:
        if not isinstance(error, FetchError):
            raise error
        for row in rows:
            fates.setdefault(row.id, Made(row, "different", str(error)))
    return fates


def _pieces(
    wanted: Mapping[Candidate, Row],
    shop: Workshop,
    fates: dict[str, Made],
    trouble: list[MnError],
) -> Iterator[tuple[Row, Path, bool, Path, Pin | None]]:
    folder = shop.order.folder
    try:
        for candidate, source in staged(wanted, folder):
            row = wanted[candidate]
            if isinstance(source, FetchError):
                fates[row.id] = Made(row, "different", str(source))
            else:
                is_copy = candidate.number is not None
                yield row, source, is_copy, folder, shop.pins.get(row.id)
    except MnError as error:  # pieces are taken in a thread of joblib's, where none may be raised
        trouble.append(error)


def _convert(row: Row, source: Path, is_copy: bool, folder: Path, pinned: Pin | None) -> Made:
    try:
        return convert(row, source, folder=folder, pinned=pinned)
    except PermissionError as error:
        return Made(row, "different", f"{source}: cannot be read ({error.strerror})")
    finally:
        if is_copy:
            source.unlink(missing_ok=True)


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
