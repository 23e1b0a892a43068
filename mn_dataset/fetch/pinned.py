"""Fetch a corpus whose every row names an address, a hash and a cut.

Recordings come first and tables last: a folder with tables is whole. Killed anywhere, the same
command goes on and ends in the same bytes; run again, it makes only what is missing or changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mn_dataset.fetch.finalise import LicenseGate, check_request, finalise
from mn_dataset.fetch.originals import check_origin
from mn_dataset.fetch.report import FetchReport, RowReport, Status
from mn_dataset.fetch.session import FetchRequest, Session
from mn_dataset.licenses import FREE
from mn_dataset.records import ROLES
from mn_dataset.tables import Row, Rows


def fetch_pinned(rows: Rows, request: FetchRequest) -> FetchReport:
    """Put a corpus into ``request.folder`` and report on every row.

    Args:
        rows: Both tables, every row with ``url``, ``sha256``, ``start_s`` and ``duration_s``; if
            its further columns state ``pcm_sha256`` and ``pcm_sketch``, the cut is compared.
        request: What is asked for.

    Raises:
        InputError: if a parameter is wrong, or the licence gate lets nothing in.
        OutputError: if the folder holds another corpus, or cannot be written.
    """
    check_origin(request.origin)
    passes = check_request(rows, request, default=FREE)
    session = Session(request)
    session.open()
    allowed = {role: [row for row in rows[role] if passes(row.license)] for role in ROLES}
    session.cut([row for role in ROLES for row in allowed[role]])
    present = {role: [row for row in allowed[role] if session.has(row)] for role in ROLES}
    result = finalise(allowed, present, rows=rows, session=session, passes=passes)
    reports = tuple(
        _row_report(row, session, passes)
        for role in ROLES
        for row in (*rows[role], *result.filled[role])
    )
    num_made = sum(row.status == "present" and row.id in session.results for row in reports)
    notes = (*_proofs(reports), *result.notes)
    return FetchReport(
        request.folder, reports, num_made=num_made, has_tables=result.has_tables, notes=notes
    )


def _row_report(row: Row, session: Session, passes: LicenseGate) -> RowReport:
    if not passes(row.license):
        return RowReport(row.id, row.file, "left out", "by the licence gate", row.license)
    result = session.results.get(row.id)
    if result is not None and result.problem:
        status: Status = "different" if result.agreement == "different" else "missing"
        return RowReport(row.id, row.file, status, result.problem, row.license)
    if not session.has(row):
        source = session.lock if row.id in session.pins else "the corpus's metadata"
        cure = "update soundfile, whose decoder it is, or leave the row out with allow_missing"
        detail = f"its samples are not those that are pinned in {source}; {cure}"
        return RowReport(row.id, row.file, "different", detail, row.license)
    return RowReport(row.id, row.file, "present", session.proof(row), row.license)


def _proofs(reports: Sequence[RowReport]) -> list[str]:
    proofs = Counter(row.detail for row in reports if row.status == "present")
    return [", ".join(f"{count} {proof}" for proof, count in sorted(proofs.items()))] * bool(proofs)
