"""Find the single hits of a drum kit that many microphones heard at once, as DrumGizmo has them.

A hit lies in one mono file per microphone, all aligned and equally long. Which files are a hit says
a table, or else their names:

* ``hits.csv``, with the columns ``file``, ``hit``, ``drum`` and ``microphone``. What else it has
  is carried along: ``license``, ``attribution``, ``split``, ``group``, and ``close``, the name of
  the microphone that is close to the drum of the row;
* ``Samples/DRUM/NUMBER-DRUM-MICROPHONE.flac``, such as ``Samples/Snare/43-Snare-Snare_top.flac``,
  below a folder per kit if there are several, and folders named after splits if you like.

A kit is one instrument: whoever knows how one of its hits bleeds knows it of all. Its hits are one
group and in one split, ``test`` where none is stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from mn_dataset.curate.song_files import SongFiles, StemFile, plain
from mn_dataset.curate.user_tables import TableLine, read_user_table, split_of
from mn_dataset.errors import TableError
from mn_dataset.tasks.kits import CLOSE, DRUM, MICROPHONE

LAYOUT = "drumgizmo"
TABLE_NAME = "hits.csv"

_SAMPLES = "samples"
_SPLIT = "test"
_KIT = "kit"
_NEEDED = ("file", "hit", DRUM, MICROPHONE)
_REPLACED = ("id", "file", "hit", "category", "song", "stem", "split", "group", "duration_s")


def named(files: Sequence[str]) -> Iterator[SongFiles]:
    """Yield the hits that files are by their names; the others are passed over."""
    hits: dict[tuple[PurePosixPath, str], list[StemFile]] = {}
    for file in files:
        path = PurePosixPath(file)
        number, _, rest = path.stem.partition("-")
        drum = path.parent.name
        microphone = rest.removeprefix(f"{drum}-")
        if drum and number.isdecimal() and microphone not in ("", rest):
            stated = ((DRUM, plain(drum)), (MICROPHONE, plain(microphone)))
            stem = StemFile(plain(microphone), file, stated=stated)
            hits.setdefault((path.parent, number), []).append(stem)
    songs = []
    for (folder, number), stems in hits.items():
        above = folder.parts[:-1]
        split = next((word for part in above if (word := split_of(part))), _SPLIT)
        kit = [part for part in above if not split_of(part) and part.lower() != _SAMPLES]
        name = "/".join(map(plain, [*kit, f"{folder.name}_{number}"]))
        group = "/".join(map(plain, kit or [_KIT]))
        title = (folder / number).as_posix()
        songs.append(SongFiles(name, title, split, group, tuple(stems), is_hit=True))
    yield from _whole(songs)


def listed(table: Path) -> list[SongFiles]:
    """Return the hits of a table, in the order of their names.

    Raises:
        TableError: if it lacks a column or a row lacks one of its cells, or the rows of a hit are
            of two drums, kits or splits.
    """
    hits: dict[str, list[TableLine]] = {}
    for line in read_user_table(table):
        lacking = next((name for name in _NEEDED if not line.cells.get(name)), "")
        if line.fault or lacking:
            reason = line.fault or f"names no {lacking}; a row has {', '.join(_NEEDED)}"
            raise TableError(f"{table}:{line.number}: {reason}")
        hits.setdefault(line.cells["hit"], []).append(line)
    songs = []
    for hit, lines in hits.items():
        first = lines[0]
        for line in lines:
            for column in (DRUM, "split", "group"):
                one, other = line.cells.get(column, ""), first.cells.get(column, "")
                if one != other:
                    raise TableError(
                        f"{table}:{line.number}: column {column!r} is {one!r} where line "
                        f"{first.number} has {other!r}; the rows of the hit {hit!r} have one"
                    )
        split = split_of(text) or text if (text := first.cells.get("split", "")) else _SPLIT
        group = first.cells.get("group", "") or _KIT
        name = "/".join(map(plain, hit.split("/")))
        songs.append(SongFiles(name, hit, split, group, tuple(map(_stem, lines)), is_hit=True))
    return sorted(_whole(songs), key=lambda song: song.name)


def _stem(line: TableLine) -> StemFile:
    cells = {name: text for name, text in line.cells.items() if name not in _REPLACED and text}
    drum, microphone = plain(cells.pop(DRUM)), plain(cells.pop(MICROPHONE))
    stated = {DRUM: drum, MICROPHONE: microphone, **cells}
    if CLOSE in stated:
        stated[CLOSE] = plain(stated[CLOSE])
    return StemFile(microphone, line.cells["file"], stated=tuple(stated.items()))


def _whole(songs: Sequence[SongFiles]) -> Iterator[SongFiles]:
    """Yield hits; one that not all microphones of its kit heard is at fault."""
    microphones: dict[str, dict[str, int]] = {}
    for song in songs:
        counts = microphones.setdefault(song.group, {})
        for name in {stem.stem for stem in song.stems}:
            counts[name] = counts.get(name, 0) + 1
    for song in songs:
        lacking = sorted({*microphones[song.group]} - {stem.stem for stem in song.stems})
        if not lacking:
            yield song
            continue
        count = microphones[song.group][lacking[0]]
        hits = sum(one.group == song.group for one in songs)
        yield replace(
            song,
            fault=f"has no recording by the microphone {lacking[0]}, as {count} of {hits} hits "
            "have; all microphones of a kit hear every hit: add the recording",
        )
