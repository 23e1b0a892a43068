"""Judge the splits: leaks between them, and recordings that stand in a table twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.audio.index import Entry
from mn_dataset.catalogue.check.finding import Finding
from mn_dataset.records import ROLES, Role
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

_CURE = "put them in one split, or run `mn split CORPUS --reassign --in-place`"
_CURE_BOTH = "decide which it is, and remove the other row"


def split_findings(
    paths: Mapping[Role, Path],
    rows: Mapping[Role, Sequence[Row]],
    entries: Mapping[str, Entry],
    pairs: Sequence[Pair],
) -> Iterator[Finding]:
    """Yield every leak between the splits or the tables, and identical samples within a split.

    Args:
        paths: Of the tables.
        rows: Of the tables.
        entries: Figures of the recordings that could be measured, by file.
        pairs: Near-duplicates by id.
    """
    every = [row for role in ROLES for row in rows[role]]
    table = {row.id: str(paths[role]) for role in ROLES for row in rows[role]}
    pcm = {row.id: entries[row.file].pcm_sha256 for row in every if row.file in entries}
    for leak in leaks(every, pcm, pairs):
        last = leak.rows[-1]
        yield Finding(
            "error" if leak.severe else "warning",
            "near-duplicate" if leak.near else "leak",
            table[last.id],
            last.line,
            "split",
            f"{'leaks' if leak.severe else 'may leak'}: {leak}",
            _CURE_BOTH if leak.both_roles else _CURE,
        )
    yield from _duplicates(table, every, pcm)


def _duplicates(
    table: Mapping[str, str], rows: Sequence[Row], pcm: Mapping[str, str]
) -> Iterator[Finding]:
    first: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        if row.id not in pcm:
            continue
        original = first.setdefault((table[row.id], pcm[row.id], row.split), row)
        if original is not row:
            text = f"names the same samples as {original.id} on line {original.line}"
            cure = "remove one of the rows"
            yield Finding("warning", "duplicate", table[row.id], row.line, "file", text, cure)
