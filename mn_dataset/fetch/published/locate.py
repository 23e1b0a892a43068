"""Get hold of the recordings: from their homes, from a mirror, or from what a person has.

Search one place, a folder or an archive, for the recordings of some rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.download import cached, download
from mn_dataset.fetch.google_drive import shared_file
from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.originals import Original, cache, obtain_all
from mn_dataset.fetch.published.candidates import Candidate, survey
from mn_dataset.fetch.published.match import Names, recognise, settle
from mn_dataset.fetch.request import Order
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row


@dataclass
class Haul:
    """What was got hold of.

    Attributes:
        files: By the row's id.
        reasons: Why there is none, by the row's id.
        notes: What was refused on the way.
    """

    files: dict[str, Candidate] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def left(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of which there is no file yet."""
        return [row for row in rows if row.id not in self.files]


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        names: All rows of both tables, by the bare names of their files.
        corpus: The folder that is being made; not searched, and members of archives that have to
            be looked into lie in it meanwhile.
        pins: What was pinned at first use.
    """

    names: Names
    corpus: Path
    pins: Mapping[str, Pin]

    def into(self, found: Haul, place: Path, rows: Sequence[Row], *, called: str = "") -> None:
        """Add what a place has of some rows to a haul.

        Args:
            found: The haul.
            place: A folder or an archive.
            rows: What is looked for.
            called: What the place is called; its own name if empty.

        Raises:
            FetchError: if nothing but refused archives is in it.
        """
        seen = survey(place, aside=self.corpus, called=called)
        found.notes += map(str, seen.faults)
        wanted = {row.id for row in rows}
        stems = {stem for role in ROLES for stem, r in self.names[role].items() if r.id in wanted}
        claims = (c for c in recognise(seen.candidates, self.names) if c.candidate.stem in stems)
        settled = settle(claims, self.names, pins=self.pins, staging=self.corpus)
        found.files |= {name: one for name, one in settled.files.items() if name in wanted}
        found.reasons |= {name: text for name, text in settled.reasons.items() if name in wanted}


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
