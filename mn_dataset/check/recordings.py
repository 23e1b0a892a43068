"""Judge recordings: against the M&N form, against their rows, and for clipping, DC, low level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from mn_dataset.audio import io
from mn_dataset.audio.corpus import Source, unusable
from mn_dataset.audio.index import Entry
from mn_dataset.audio.level import FULL_SCALE, MIN_RECORDED_RMS, block_lengths, dbfs
from mn_dataset.check.finding import Finding
from mn_dataset.errors import AudioError
from mn_dataset.records import SAMPLING_RATE, Role
from mn_dataset.tables import Row, table_path

CLIPPED_SHARE = 1e-4
"""Share of clipped samples that is reported: 44 in ten seconds."""

DC_SHARE = 0.01
"""Share of a recording's power that its mean may hold unnoticed (−20 dB)."""

_DC_FLOOR = FULL_SCALE * 10.0 ** (-60.0 / 20.0)  # LSB; a smaller mean is rounding
_DURATION_TOLERANCE_S = 0.05
_SUM_TOLERANCE = 0.01
_USUAL_SHARE = 0.8  # of the clips that have one length make it the corpus's


def recording_findings(
    root: Path,
    role: Role,
    rows: Sequence[Row],
    entries: Mapping[str, Entry],
    problems: Mapping[str, str],
) -> Iterator[Finding]:
    """Yield what is wrong or odd with the recordings of a table.

    Args:
        root: The corpus.
        role: Of the table.
        rows: Of the table.
        entries: Figures of the recordings that could be measured, by file.
        problems: Why the others could not, by file.
    """
    table = table_path(root, role)
    for row in rows:
        entry = entries.get(row.file)
        if entry is not None:
            yield from _measured(table, Source(role, row, entry))
        elif row.file in problems:
            kind, text, cure = _fault(root / row.file, problems[row.file])
            text = f"names {row.file!r}: {text}"
            yield Finding("error", kind, str(table), row.line, "file", text, cure)
    yield from _duration_sum(table, rows, entries)
    if role == "clean":
        yield from _odd_lengths(table, rows, entries)


def _measured(table: Path, source: Source) -> Iterator[Finding]:
    row, entry = source.row, source.entry
    where = str(table), row.line
    problem = unusable(source)
    if problem is not None:
        kind = "silent" if entry.peak == 0 else "short"
        yield Finding("error", kind, *where, "file", *_halves(problem))
        return
    stated = dict(row.further).get("pcm_sha256")
    if stated and stated != entry.pcm_sha256:
        text = f"names {row.file!r}, whose samples have changed since the row was written"
        cure = "restore the recording, or empty pcm_sha256 if the change is meant"
        yield Finding("error", "changed", *where, "pcm_sha256", text, cure)
    loudest = float((entry.blocks / block_lengths(entry.frames)).max())
    if entry.peak == 0:
        text = f"names {row.file!r}, which is silent: mixtures of its song leave it out"
        yield Finding("warning", "silent", *where, "file", text, "nothing, if nobody plays in it")
    elif source.role != "stem" and loudest < MIN_RECORDED_RMS**2:
        text = f"names {row.file!r}, which is nowhere above −60 dBFS RMS: no mixture will use it"
        yield Finding("warning", "quiet", *where, "file", text, "record it again at a higher level")
    if entry.clipped > CLIPPED_SHARE * entry.frames:
        text = f"names {row.file!r}, of which {entry.clipped} samples are clipped"
        yield Finding(
            "warning", "clipped", *where, "file", text, "record it again at a lower level"
        )
    yield from _dc_offset(where, row, entry)
    yield from _duration(where, row, entry)


def _dc_offset(where: tuple[str, int], row: Row, entry: Entry) -> Iterator[Finding]:
    mean = abs(entry.total) / entry.frames
    if mean > _DC_FLOOR and mean**2 * entry.frames > DC_SHARE * entry.level.energy:
        text = f"names {row.file!r}, whose mean is {dbfs(mean):.1f} dBFS (DC offset)"
        yield Finding("warning", "dc-offset", *where, "file", text, "remove the mean")


def _duration(where: tuple[str, int], row: Row, entry: Entry) -> Iterator[Finding]:
    stated, lasts = _stated_s(row), entry.frames / SAMPLING_RATE
    if stated is not None and abs(stated - lasts) > _DURATION_TOLERANCE_S:
        text = f"is {row.duration_s}, the recording lasts {lasts:.3f} s"
        yield Finding("warning", "duration", *where, "duration_s", text, "correct the table")


def _duration_sum(
    table: Path, rows: Sequence[Row], entries: Mapping[str, Entry]
) -> Iterator[Finding]:
    lengths = [(_stated_s(row), entries[row.file].frames) for row in rows if row.file in entries]
    pairs = [(stated, frames) for stated, frames in lengths if stated is not None]
    claim = sum(stated for stated, _ in pairs)
    lasts = sum(frames for _, frames in pairs) / SAMPLING_RATE
    if pairs and abs(claim - lasts) > _SUM_TOLERANCE * lasts:
        text = f"claims {claim:g} s in all, the {len(pairs)} recordings last {lasts:.1f} s"
        yield Finding(
            "warning", "duration-sum", str(table), None, "duration_s", text, "correct the table"
        )


def _odd_lengths(
    table: Path, rows: Sequence[Row], entries: Mapping[str, Entry]
) -> Iterator[Finding]:
    lengths = Counter(entries[row.file].frames for row in rows if row.file in entries)
    if not lengths:
        return
    usual, count = lengths.most_common(1)[0]
    if not _USUAL_SHARE * lengths.total() <= count < lengths.total():
        return
    for row in rows:
        frames = entries[row.file].frames if row.file in entries else usual
        if frames != usual:
            text = (
                f"names {row.file!r}, which lasts {frames / SAMPLING_RATE:g} s where "
                f"{count} of {lengths.total()} clips last {usual / SAMPLING_RATE:g} s"
            )
            cure = "cut it alike if lengths should not differ"
            yield Finding("warning", "odd-duration", str(table), row.line, "file", text, cure)


def _stated_s(row: Row) -> float | None:
    try:
        return float(row.duration_s) if row.duration_s else None
    except ValueError:  # the table's findings have it
        return None


def _fault(path: Path, message: str) -> tuple[str, str, str]:
    """Return kind, text and cure of a recording that could not be measured."""
    text, cure = _halves(message)
    if not path.is_file():
        return "missing", text, cure
    try:
        samples, _ = io.read_any(path)
    except AudioError:
        return ("truncated" if "truncated" in message else "unreadable"), text, cure
    if not np.isfinite(samples).all():
        return "nan", f"{text}, and some samples are NaN or infinite", "export it again"
    return "form", text, cure


def _halves(message: str) -> tuple[str, str]:
    """Part a message into what was found and, after its first semicolon, the cure."""
    text, _, cure = message.partition("; ")
    return text, cure
