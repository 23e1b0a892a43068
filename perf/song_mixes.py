"""Make clean music of songs in stems, for networks that learn to denoise.

    python perf/song_mixes.py STEMS OUT

STEMS is a corpus of stems. Of every excerpt of its train split, OUT gets the song, the voice alone,
the voice without drums, and the drums and the other instruments by themselves, where there are
such. Levels are those of the stems; what would clip is lowered.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import numpy as np

from mn_dataset.audio.io import read_pcm, write_flac
from mn_dataset.records import SAMPLING_RATE, is_voice
from mn_dataset.tables import Row, read_table, table_path, write_table

SPLIT = "train"
KINDS = ("voice", "drums", "instruments")
MIXES = {
    "song": ("song", KINDS),
    "voice": ("song", ("voice",)),
    "unplugged": ("song", ("voice", "instruments")),
    "drums": ("drum_kit", ("drums",)),
    "instruments": ("multi_instrument", ("instruments",)),
}
"""Music category of each mix, and the kinds of stems that are heard."""

_HIGHEST = round(32768 * 10 ** (-1 / 20))  # −1 dBFS
_QUIETEST = 32768 * 10 ** (-45 / 20)  # RMS; a stem that rests is no music


def main() -> None:
    """Write the corpus."""
    stems, out = map(Path, sys.argv[1:])
    rows = [row for row in read_table(table_path(stems, "stem"), "stem") if row.split == SPLIT]
    rows.sort(key=attrgetter("song"))
    made = [
        mix
        for _, excerpt in groupby(rows, key=attrgetter("song"))
        for mix in mixes_of(list(excerpt), stems, out)
    ]
    write_table(table_path(out, "clean"), made)
    write_table(table_path(out, "noise"), [])


def mixes_of(excerpt: Sequence[Row], stems: Path, out: Path) -> list[Row]:
    """Write the mixes of an excerpt that differ from each other, and return their rows."""
    made: dict[tuple[str, ...], Row] = {}
    for name, (category, parts) in MIXES.items():
        used = [row for row in excerpt if kind_of(row.category) in parts]
        heard = tuple(row.category for row in used)
        is_sung = any(map(is_voice, heard))
        if not used or heard in made or is_sung != (category == "song"):
            continue
        tracks = [read_pcm(stems / row.file, sampling_rate=SAMPLING_RATE) for row in used]
        total = np.sum(tracks, axis=0, dtype=np.float64)
        if np.sqrt(np.mean(np.square(total))) < _QUIETEST:
            continue
        made[heard] = row = mix_row(used[0], name, category, heard)
        path = out / row.file
        path.parent.mkdir(parents=True, exist_ok=True)
        mix = np.rint(total * min(1.0, _HIGHEST / np.abs(total).max())).astype(np.int16)
        write_flac(path, mix, sampling_rate=SAMPLING_RATE)
    return list(made.values())


def kind_of(stem: str) -> str:
    """Return which of ``KINDS`` a stem is.

    >>> kind_of("vocals"), kind_of("drums"), kind_of("bass")
    ('voice', 'drums', 'instruments')
    """
    if is_voice(stem):
        return "voice"
    return "drums" if "drum" in stem.lower() else "instruments"


def mix_row(stem: Row, name: str, category: str, heard: Sequence[str]) -> Row:
    """Return the row of a mix, with the facts of one of its stems."""
    identity = f"clean/{category}/{stem.song.replace('/', '_')}_{name}"
    return replace(
        stem,
        id=identity,
        file=f"{identity}.flac",
        category=category,
        source=f"{stem.source.split(':')[0]} {stem.song.rpartition('/')[2]}: {' + '.join(heard)}",
        song="",
    )


if __name__ == "__main__":
    main()
