"""Import the published corpus: every row is present, missing or different, and none is guessed.

Recordings come first and tables last. What nobody has published a hash of is pinned at its first
use, and compared with that later. Killed anywhere, the same command goes on and ends in the same
bytes; run again, it converts only what is missing or changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from mn_dataset.errors import FetchError, MnError
from mn_dataset.fetch.clips import is_stored
from mn_dataset.fetch.finalise import check_request, finalise
from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.published.candidates import CandidateFile
from mn_dataset.fetch.published.locate import Located, Search, check_origin, locate_recordings
from mn_dataset.fetch.published.match import rows_by_stem, staged
from mn_dataset.fetch.published.recording import EQUAL, PROOFS, PROVEN, Conversion, convert
from mn_dataset.fetch.report import FetchReport, RowReport
from mn_dataset.fetch.session import FetchRequest, Session
from mn_dataset.files.atomic import writing
from mn_dataset.licenses import ANY
from mn_dataset.records import ROLES, Role
from mn_dataset.tables import Row, Rows
from mn_dataset.workers import each


def import_published(
    rows: Rows, request: FetchRequest, *, drives: Mapping[Role, str]
) -> FetchReport:
    """Put the corpus into ``request.folder`` and report on every row.

    Args:
        rows: Both tables; a row with ``url`` and ``sha256`` has a file of its own, any other is in
            the shared archive of its role.
        request: What is asked for; licences are not gated unless it says so, for nothing is
            published here.
        drives: Addresses of the shared archives.

    Returns:
        What became of every row; it alone tells of this run.

    Raises:
        InputError: if a parameter is wrong, or nothing can be taken from ``request.origin``.
        OutputError: if the folder holds another corpus, or cannot be written.
    """
    check_origin(request.origin)
    passes = check_request(rows, request, default=ANY)
    session = Session(request)
    session.open()
    allowed = {role: [row for row in rows[role] if passes(row.license)] for role in ROLES}
    asked = [row for role in ROLES for row in allowed[role]]
    conversions = _already_stored(asked, session)
    lacking, located = [row for row in asked if row.id not in conversions], Located()
    if lacking:
        with writing(request.folder):  # members of archives are looked at in it
            request.folder.mkdir(parents=True, exist_ok=True)
        search = Search(rows_by_stem(rows), request.folder, session.pins)
        located = locate_recordings(lacking, search, request, drives=drives)
        conversions |= _convert_all(lacking, located, session)
    present = {
        role: [row for row in allowed[role] if conversions[row.id].status == "present"]
        for role in ROLES
    }
    result = finalise(allowed, present, rows=rows, session=session, passes=passes)
    reports = [_row_report(row, conversions) for role in ROLES for row in rows[role]]
    reports += [_filling_report(row, session) for role in ROLES for row in result.filled[role]]
    num_made = sum(conversions[row.id].status == "present" for row in lacking)
    return FetchReport(
        request.folder,
        tuple(reports),
        num_made=num_made + len(session.results),
        has_tables=result.has_tables,
        notes=(*located.notes, *_notes(reports, session), *result.notes),
    )


def _already_stored(rows: Sequence[Row], session: Session) -> dict[str, Conversion]:
    """Return the rows whose files are in the folder as they were pinned, by id."""
    conversions = {}
    for row in rows:
        pin = session.pins.get(row.id)
        if pin is None:
            continue
        if is_stored(session.request.folder, replace(row, sha256=pin.original_sha256), pin):
            proofs = [PROVEN, EQUAL] if row.sha256 == pin.original_sha256 else [EQUAL]
            conversions[row.id] = Conversion(row, "present", "; ".join(proofs), pin)
    return conversions


def _convert_all(rows: Sequence[Row], located: Located, session: Session) -> dict[str, Conversion]:
    """Convert and store what was located, pinning each recording as it comes.

    Raises:
        OutputError: if something cannot be written.
    """
    by_id = {row.id: row for row in rows}
    row_of = {candidate: by_id[row_id] for row_id, candidate in located.files.items()}
    conversions = {
        row.id: Conversion(row, "missing", located.reasons[row.id]) for row in located.lacking(rows)
    }
    errors: list[MnError] = []
    pieces = _pieces(row_of, session, conversions, errors)
    workers = session.workers_for(len(row_of))
    for done, conversion in enumerate(each(_convert, pieces, workers=workers, ordered=False), 1):
        conversions[conversion.row.id] = conversion
        if conversion.pin is not None:
            session.pin(conversion.pin)
        if session.request.progress:
            session.request.progress(done, len(row_of))
    for error in errors:
        if not isinstance(error, FetchError):
            raise error
        for row in rows:
            conversions.setdefault(row.id, Conversion(row, "different", str(error)))
    return conversions


def _pieces(
    row_of: Mapping[CandidateFile, Row],
    session: Session,
    conversions: dict[str, Conversion],
    errors: list[MnError],
) -> Iterator[tuple[Row, Path, bool, Path, Pin | None]]:
    """Yield the arguments of ``_convert``; what cannot be read is noted instead."""
    folder = session.request.folder
    try:
        for candidate, source in staged(row_of, folder):
            row = row_of[candidate]
            if isinstance(source, FetchError):
                conversions[row.id] = Conversion(row, "different", str(source))
            else:
                is_copy = candidate.number is not None
                yield row, source, is_copy, folder, session.pins.get(row.id)
    except MnError as error:  # pieces are taken in a thread of joblib's, where none may be raised
        errors.append(error)


def _convert(row: Row, source: Path, is_copy: bool, folder: Path, pinned: Pin | None) -> Conversion:
    try:
        return convert(row, source, folder=folder, pinned=pinned)
    except PermissionError as error:
        return Conversion(row, "different", f"{source}: cannot be read ({error.strerror})")
    finally:
        if is_copy:
            source.unlink(missing_ok=True)


def _row_report(row: Row, conversions: Mapping[str, Conversion]) -> RowReport:
    conversion = conversions.get(row.id)
    if conversion is None:
        return RowReport(row.id, row.file, "left out", "by the licence gate", row.license)
    return RowReport(row.id, row.file, conversion.status, conversion.detail, row.license)


def _filling_report(row: Row, session: Session) -> RowReport:
    return RowReport(row.id, row.file, "present", session.proof(row), row.license)


def _notes(reports: Sequence[RowReport], session: Session) -> list[str]:
    details = [row.detail for row in reports if row.status == "present"]
    proofs = {proof: sum(proof in detail for detail in details) for proof in PROOFS}
    notes = [", ".join(f"{count} {proof}" for proof, count in proofs.items() if count)]
    unusual = sum(" s of " in detail for detail in details)
    if unusual:
        notes.append(f"{unusual} do not last as the tables state; the account tells which")
    if any(row.status == "different" for row in reports):
        notes.append(f"the lock is {session.lock}")
    return [note for note in notes if note]
