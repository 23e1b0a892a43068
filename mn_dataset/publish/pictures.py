"""Choose what a card shows and have it drawn: the distribution, and three mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio import memory
from mn_dataset.audio.io import Pcm
from mn_dataset.publish import figures
from mn_dataset.publish.cells import cells
from mn_dataset.publish.content import Content, Row

PLACE = "assets"
SHOWN = 3


@dataclass(frozen=True)
class Pictures:
    """The pictures of a card.

    Attributes:
        distribution: Path relative to the publication.
        spectrograms: Paths by title; none where no audio is published.
    """

    distribution: str
    spectrograms: dict[str, str]


def check() -> None:
    """Say so if pictures cannot be drawn here.

    Raises:
        MissingExtra: with the command that installs what is missing.
    """
    figures.check_plots()


def draw(out: Path, content: Content) -> Pictures:
    """Draw the pictures of a publication.

    Args:
        out: The publication.
        content: What it is made of.

    Raises:
        DatasetError: if audio is missing.
        OutputError: if a picture cannot be written.
    """
    distribution = f"{PLACE}/distribution.png"
    figures.draw_distribution(out / distribution, content.heard or content.rows)
    spectrograms = {}
    for number, row in enumerate(examples(content.heard), start=1):
        path = f"{PLACE}/spectrogram-{number}.png"
        title = _title(row)
        parts = _parts(content, row)
        figures.draw_spectrograms(
            out / path, parts, title=title, sampling_rate=row["sampling_rate"]
        )
        spectrograms[title] = path
    return Pictures(distribution, spectrograms)


def examples(rows: Sequence[Row]) -> list[Row]:
    """Return rows that differ in music category and noise class, the noisiest of each."""
    ordered = sorted(rows, key=lambda row: (row["snr_db"], row["id"]))
    chosen: list[Row] = []
    for key in ("noise_class", "music_category", "id"):
        for row in ordered:
            taken = [
                one for one in chosen if row["id"] == one["id"] or row.get(key) == one.get(key)
            ]
            alike = any(row.get("music_category") == one.get("music_category") for one in chosen)
            if len(chosen) < SHOWN and not taken and not (alike and key == "noise_class"):
                chosen.append(row)
    return chosen


def _parts(content: Content, row: Row) -> dict[str, Pcm]:
    parts = {}
    for column in content.audio:
        found = cells(content.folder, row, column, audio_format="wav")
        for number, cell in enumerate(found):
            name = column if isinstance(row[column], str) else f"{column} {number}"
            parts[name] = memory.decode(cell.content)[0]
    return parts


def _title(row: Row) -> str:
    what = " in ".join(
        str(row[name]).replace("_", " ")
        for name in ("music_category", "noise_class")
        if row.get(name)
    )
    return f"{row['id']}: {what} noise at {row['snr_db']:g} dB"
