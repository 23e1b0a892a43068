"""Bring the recordings that a corpus folder lacks into it, several at a time, pinning each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.catalogue.fetch.cut import stands
from mn_dataset.catalogue.fetch.lock import Pin, append_pin
from mn_dataset.catalogue.fetch.workshop import Workshop
from mn_dataset.catalogue.published.candidates import Candidate
from mn_dataset.catalogue.published.convert import EQUAL, PROVEN, Made, convert
from mn_dataset.catalogue.published.search import Haul
from mn_dataset.catalogue.published.settle import staged
from mn_dataset.errors import FetchError, MnError
from mn_dataset.parallel import each
from mn_dataset.tables import Row


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
