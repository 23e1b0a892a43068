"""Judge the splits: leaks between them, and recordings that stand in a table twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mn_dataset.audio.index import Entry
from mn_dataset.catalogue.check.finding import Finding, Severity
from mn_dataset.records import ROLES, Role
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

_CURE = "put them in one split, or empty the column and run `mn split`"


def split_findings(
    paths: Mapping[Role, Path], rows: Mapping[Role, Sequence[Row]], entries: Mapping[str, Entry]
) -> Iterator[Finding]:
    """Yield every leak between the splits, and identical samples within one."""
    for role in ROLES:
        table = str(paths[role])
        pcm = {row.id: entries[row.file].pcm_sha256 for row in rows[role] if row.file in entries}
        for leak in leaks(rows[role], pcm):
            severity: Severity = "error" if leak.severe else "warning"
            yield Finding(
                severity, "leak", table, leak.rows[-1].line, "split", f"leaks: {leak}", _CURE
            )
        yield from _duplicates(table, rows[role], pcm)


def _duplicates(table: str, rows: Sequence[Row], pcm: Mapping[str, str]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row.id not in pcm:
            continue
        original = first.setdefault((pcm[row.id], row.split), row)
        if original is not row:
            text = f"names the same samples as {original.id} on line {original.line}"
            yield Finding(
                "warning", "duplicate", table, row.line, "file", text, "remove one of the rows"
            )
