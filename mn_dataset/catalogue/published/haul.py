"""Get hold of the recordings: from their homes, from a mirror, or from what a person has."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mn_dataset.catalogue.fetch.download import cached, download
from mn_dataset.catalogue.fetch.order import Order
from mn_dataset.catalogue.fetch.originals import Original, cache, obtain_all
from mn_dataset.catalogue.published.candidates import Candidate
from mn_dataset.catalogue.published.drive import shared_file
from mn_dataset.catalogue.published.search import Haul, Search
from mn_dataset.errors import FetchError, InputError
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row

FAIR_PLAY_ARCHIVE = "audios.tar.gz"


@dataclass(frozen=True)
class _Archive:
    """An archive that can be downloaded: of which rows, from where, and how."""

    called: str
    url: str
    get: Callable[[], Path]

    def holds(self, row: Row) -> bool:
        if row.sha256:
            return self.called == FAIR_PLAY_ARCHIVE
        return row.id.startswith(f"{self.called}/")


def check_place(origin: str | None) -> None:
    """Refuse an origin that is neither a folder, nor an archive, nor an address.

    Raises:
        InputError: naming it.
    """
    if origin is not None and not _is_address(origin) and not Path(origin).exists():
        raise InputError(f"--from {origin}: no such folder or archive; expected one, or a URL")


def haul(rows: Sequence[Row], search: Search, order: Order, *, drives: Mapping[Role, str]) -> Haul:
    """Get hold of rows, from ``order.origin`` and only from there if it is given.

    A mirror holds FAIR-Play's files under ``<owner>/<repository>/<path>``, and beside that
    ``clean.zip``, ``noise.zip`` and, instead of single files, ``audios.tar.gz``.

    Args:
        rows: What is wanted.
        search: Knows the tables and what was pinned.
        order: What is asked for.
        drives: Addresses of the shared archives of clips and of noises.

    Raises:
        FetchError: if the origin is a folder or archive with nothing but refused archives.
        MissingExtra: if something is to be downloaded by a package that is not installed.
        OutputError: if nothing can be written.
    """
    found, origin = Haul(), order.origin
    if origin is not None and not _is_address(origin):
        search.into(found, Path(origin), rows)
        absent = f"not found in {origin}"
    else:
        _one_by_one([row for row in rows if row.sha256], found, order)
        sources = _homes(order, drives) if origin is None else _mirror(order, origin.rstrip("/"))
        for source in sources:
            wanted = found.left([row for row in rows if source.holds(row)])
            if wanted:
                _from_archive(wanted, source, found, search)
        absent = "not found where it is published"
    for row in found.left(rows):
        found.reasons.setdefault(row.id, absent)
    return found


def _is_address(origin: str) -> bool:
    return origin.startswith(("http://", "https://"))


def _one_by_one(rows: Sequence[Row], found: Haul, order: Order) -> None:
    """Get the rows whose own files have an address and a hash."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if order.progress:
            order.progress(done, len(rows))

    wanted = {Original(row.url, row.sha256): row for row in rows}
    answers = obtain_all(wanted, origin=order.origin, patience=order.patience, step=step)
    for original, answer in answers.items():
        row = wanted[original]
        if isinstance(answer, Path):
            found.files[row.id] = Candidate(answer.parent, answer.name, None, ())
        else:
            found.reasons[row.id] = str(answer)


def _homes(order: Order, drives: Mapping[Role, str]) -> Iterator[_Archive]:
    for role in ROLES:
        url = drives[role]
        path = cached(url, sha256=None, folder=cache("drive"))
        get = partial(shared_file, url, path, patience=order.patience, progress=order.progress)
        yield _Archive(role, url, get)


def _mirror(order: Order, base: str) -> Iterator[_Archive]:
    folder = cache(hashlib.sha256(base.encode()).hexdigest()[:16])
    names = {role: f"{role}.zip" for role in ROLES} | {FAIR_PLAY_ARCHIVE: FAIR_PLAY_ARCHIVE}
    for called, name in names.items():
        url = f"{base}/{name}"
        get = partial(download, url, sha256=None, folder=folder, patience=order.patience)
        yield _Archive(called, url, get)


def _from_archive(rows: Sequence[Row], source: _Archive, found: Haul, search: Search) -> None:
    """Download an archive and search it; a refused one is forgotten, so that it is got again."""
    try:
        path = source.get()
    except FetchError as error:
        _excuse(rows, found, str(error))
        return
    try:
        search.into(found, path, rows, called=source.called)
    except FetchError as error:
        path.unlink()
        _excuse(rows, found, f"{source.url}: {error}")


def _excuse(rows: Sequence[Row], found: Haul, text: str) -> None:
    found.notes.append(text)
    for row in rows:
        found.reasons.setdefault(row.id, text)
