"""Locate the recordings: at their addresses, on a mirror, or in what a person has of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.addresses import beneath, check_address, is_address, shown
from mn_dataset.fetch.download import MOST_ARCHIVE_BYTES, cache_path, download
from mn_dataset.fetch.google_drive import download_shared
from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.originals import (
    Original,
    mirror_cache,
    obtain_all,
    originals_cache,
)
from mn_dataset.fetch.published.candidates import CandidateFile, list_candidates
from mn_dataset.fetch.published.match import RowsByStem, match_files, recognise
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row

FAIR_PLAY_ARCHIVE = "audios.tar.gz"


@dataclass
class Located:
    """Where recordings are.

    Attributes:
        files: By the row's id.
        reasons: Why there is none, by the row's id.
        notes: What was refused on the way.
    """

    files: dict[str, CandidateFile] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def lacking(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of which there is no file yet."""
        return [row for row in rows if row.id not in self.files]

    def give_up(self, rows: Sequence[Row], reason: str) -> None:
        """Note why rows are not to be had where they were looked for."""
        self.notes.append(reason)
        for row in rows:
            self.reasons.setdefault(row.id, reason)


@dataclass(frozen=True)
class Search:
    """How a folder or an archive is searched.

    Attributes:
        rows: All rows of both tables, by the bare names of their files.
        corpus: The folder that is being made; not searched, and members of archives that have to
            be looked into lie in it meanwhile.
        pins: What was pinned at first use.
    """

    rows: RowsByStem
    corpus: Path
    pins: Mapping[str, Pin]

    def add(self, located: Located, origin: Path, rows: Sequence[Row], *, name: str = "") -> None:
        """Add what a folder or an archive has of some rows.

        Args:
            located: What is added to.
            origin: The folder or archive.
            rows: What is looked for.
            name: What the archive is called; its own name if empty.

        Raises:
            FetchError: if nothing but refused archives is in it.
        """
        candidates = list_candidates(origin, skip=self.corpus, name=name)
        located.notes += map(str, candidates.faults)
        ids = {row.id for row in rows}
        stems = {stem for role in ROLES for stem, row in self.rows[role].items() if row.id in ids}
        claims = (c for c in recognise(candidates.files, self.rows) if c.candidate.stem in stems)
        matches = match_files(claims, self.rows, pins=self.pins, staging=self.corpus)
        located.files |= {name: file for name, file in matches.files.items() if name in ids}
        located.reasons |= {name: text for name, text in matches.reasons.items() if name in ids}


@dataclass(frozen=True)
class _Archive:
    """An archive that can be downloaded: of which rows, from where, and how."""

    name: str
    url: str
    get: Callable[[], Path]

    def holds(self, row: Row) -> bool:
        if row.sha256:
            return self.name == FAIR_PLAY_ARCHIVE
        return row.id.startswith(f"{self.name}/")


def check_origin(origin: str | None) -> None:
    """Refuse an origin that is neither a folder, nor an archive, nor an address.

    Raises:
        InputError: naming it.
    """
    if origin is None or Path(origin).exists():
        return
    if is_address(origin):
        check_address(origin)
    else:
        raise InputError(
            f"origin is {shown(origin)}: no such folder or archive; expected one, or a URL"
        )


def locate_recordings(
    rows: Sequence[Row], search: Search, request: FetchRequest, *, drives: Mapping[Role, str]
) -> Located:
    """Locate the recordings of rows, in ``request.origin`` and only there if it is given.

    A mirror holds FAIR-Play's files under ``<owner>/<repository>/<path>``, and beside that
    ``clean.zip``, ``noise.zip`` and, instead of single files, ``audios.tar.gz``.

    Args:
        rows: What is looked for.
        search: Knows the tables and what was pinned.
        request: What is asked for.
        drives: Addresses of the shared archives of clips and of noises.

    Raises:
        FetchError: if the origin is a folder or archive with nothing but refused archives.
        MissingExtra: if something is to be downloaded by a package that is not installed.
        OutputError: if nothing can be written.
    """
    located, origin = Located(), request.origin
    if origin is not None and not is_address(origin):
        search.add(located, Path(origin), rows)
        absent = f"not found in {origin}"
    else:
        _download_single_files([row for row in rows if row.sha256], located, request)
        archives = _shared_archives(request, drives) if origin is None else _mirrored(request)
        for archive in archives:
            lacking = located.lacking([row for row in rows if archive.holds(row)])
            if lacking:
                _search_archive(lacking, archive, located, search)
        absent = "not found where it is published"
    for row in located.lacking(rows):
        located.reasons.setdefault(row.id, absent)
    return located


def _download_single_files(rows: Sequence[Row], located: Located, request: FetchRequest) -> None:
    """Get the rows whose own files have an address and a hash."""
    num_done = 0

    def step() -> None:
        nonlocal num_done
        num_done += 1
        if request.progress:
            request.progress(num_done, len(rows))

    row_of = {Original(row.url, row.sha256): row for row in rows}
    files = obtain_all(row_of, origin=request.origin, patience=request.patience, step=step)
    for original, file_or_error in files.items():
        row = row_of[original]
        if isinstance(file_or_error, FetchError):
            located.reasons[row.id] = str(file_or_error)
        else:
            folder, name = file_or_error.parent, file_or_error.name
            located.files[row.id] = CandidateFile(folder, name, None, ())


def _shared_archives(request: FetchRequest, drives: Mapping[Role, str]) -> Iterator[_Archive]:
    """Yield the authors' archives."""
    for role in ROLES:
        url = drives[role]
        path = cache_path(url, sha256=None, folder=originals_cache("drive"))
        get = partial(
            download_shared, url, path, patience=request.patience, progress=request.progress
        )
        yield _Archive(role, url, get)


def _mirrored(request: FetchRequest) -> Iterator[_Archive]:
    """Yield the archives of a mirror."""
    address = str(request.origin)
    files = {role: f"{role}.zip" for role in ROLES} | {FAIR_PLAY_ARCHIVE: FAIR_PLAY_ARCHIVE}
    for name, file in files.items():
        url, folder = beneath(address, file), mirror_cache(address)
        get = partial(
            download,
            url,
            sha256=None,
            folder=folder,
            patience=request.patience,
            most_bytes=MOST_ARCHIVE_BYTES,
        )
        yield _Archive(name, shown(url), get)


def _search_archive(
    rows: Sequence[Row], archive: _Archive, located: Located, search: Search
) -> None:
    """Download an archive and search it; a refused one is removed, so that it is got again."""
    try:
        path = archive.get()
    except FetchError as error:
        located.give_up(rows, str(error))
        return
    try:
        search.add(located, path, rows, name=archive.name)
    except FetchError as error:
        path.unlink()
        located.give_up(rows, f"{archive.url}: {error}")
