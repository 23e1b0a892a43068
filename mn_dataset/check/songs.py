"""Judge songs: their stems are aligned, more than one, and of names that tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from mn_dataset.audio.corpus import Source, misaligned, songs_of
from mn_dataset.audio.index import Entry
from mn_dataset.check.finding import Finding
from mn_dataset.tables import Row, table_path


def song_findings(
    root: Path, rows: Sequence[Row], entries: Mapping[str, Entry]
) -> Iterator[Finding]:
    """Yield what is wrong or odd with the songs of a table of stems.

    That every stem is mono at 44.1 kHz is asked of all recordings; here their lengths are
    compared, and what the mixtures of a song would be made of.

    Args:
        root: The corpus.
        rows: Of the table.
        entries: Figures of the recordings that could be measured, by file.
    """
    table = str(table_path(root, "stem"))
    stems = [Source("stem", row, entries[row.file]) for row in rows if row.file in entries]
    for stem, text in misaligned(stems):
        problem, _, cure = text.rpartition(": ")
        yield Finding("error", "misaligned", table, stem.row.line, "file", problem, cure)
    for song, parts in songs_of(stems).items():
        line = parts[0].row.line
        if len(parts) == 1:
            text = f"is {song!r}, of which {parts[0].id} is the only stem that can be read"
            cure = "add the others, or list the recording in clean.csv"
            yield Finding("warning", "alone", table, line, "song", text, cure)
        elif all(stem.entry.peak == 0 for stem in parts):
            text = f"is {song!r}, whose stems are all silent"
            yield Finding("error", "silent", table, line, "song", text, "remove its rows")
        named = Counter(stem.row.category for stem in parts)
        for name, count in named.items():
            if count > 1:
                text = f"is {name!r} in {count} rows of the song {song!r}"
                cure = "number them, such as VOX1 and VOX2, or sum them"
                yield Finding("warning", "repeated", table, line, "stem", text, cure)
