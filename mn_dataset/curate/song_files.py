"""Say which files are a song, or a hit, and what they will be in the corpus."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from mn_dataset.files.names import is_safe, safe_name
from mn_dataset.tables import COLUMNS, Row


@dataclass(frozen=True)
class StemFile:
    """Where a stem is to be found.

    Attributes:
        stem: Its name.
        file: The recording, relative to the source.
        channel: The channel that it is; None for the mean of all.
        stated: What the source says of it, by column of the table of stems; those beyond the
            schema are carried along.
    """

    stem: str
    file: str
    channel: int | None = None
    stated: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class SongFiles:
    """A song to convert, or a hit, whose stems are what each microphone heard of it.

    Attributes:
        name: Of the song and its folder in the corpus.
        title: As the source has it.
        split: One of the splits, or "".
        group: What it must not be parted from.
        stems: Its stems, by name.
        is_hit: Whether it is a hit. Its recordings have one rate, and are lowered only if one of
            them would clip: their sum is nothing that anybody hears.
        fault: Why it cannot be converted, or "".
    """

    name: str
    title: str
    split: str
    group: str
    stems: tuple[StemFile, ...]
    is_hit: bool = False
    fault: str = ""

    @property
    def parts(self) -> str:
        """What its stems are called."""
        return "microphones of a hit" if self.is_hit else "stems of a song"

    def file(self, stem: StemFile) -> str:
        """Return where a stem stands in the corpus."""
        return f"{self.name}/{plain(stem.stem)}.wav"

    def row(self, stem: StemFile, layout: str) -> Row:
        """Return what the row of a stem says before its recording is read."""
        file = self.file(stem)
        cells: dict[str, Any] = {name: text for name, text in stem.stated if name in COLUMNS}
        row = Row(
            id=f"stem/{file.removesuffix('.wav')}",
            file=file,
            category=stem.stem,
            song=self.name,
            split=self.split,
            group=self.group,
            source=f"{layout}: {self.title}",
            further=tuple((name, text) for name, text in stem.stated if name not in COLUMNS),
        )
        return replace(row, **cells)


def plain(text: str) -> str:
    """Return a name in small letters that a file can have.

    >>> plain("Snare_top")
    'snare_top'
    """
    return text.lower() if is_safe(text.lower()) else safe_name(text, stem=text)
