"""Find the songs of a folder that is laid out as a published set of songs is, and their stems.

=========  =========================================================  =============================
layout     what lies there                                            split
=========  =========================================================  =============================
mir1k      one stereo file per clip (in Wavfile): left the            the paper's: singers abjones
           accompaniment, right the voice; 16 kHz                     and amy train but for four
                                                                      clips, the others test
ikala      the same in 30 s clips, 44.1 kHz                           none: no list is published
musdb18    train and test, in each a folder per song with the files   the folders', and of train the
           vocals, bass, drums, other (MUSDB18-HQ); the mixture is    fourteen songs that musdb
           left out                                                   names for validation
stems      a folder per song, in it a file per stem; below folders    the folders', if there are any
           named after splits if you like
drumgizmo  single hits of a drum kit, of each a file per microphone   test: a kit is one instrument
           that heard it: see `mn_dataset.curate.hits`                and is not divided
=========  =========================================================  =============================

A group is the song that clips were cut from, so the four validation clips of MIR-1K leak: they are
of songs of which other clips are for training. `mn check` says so, and `mn build` wants to be told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from mn_dataset.audio.scan import walk
from mn_dataset.curate import hits
from mn_dataset.curate.song_files import SongFiles, StemFile, plain
from mn_dataset.curate.user_tables import split_of
from mn_dataset.errors import InputError, UnknownName

_MIR1K_TRAIN = ("abjones", "amy")
_MIR1K_VALIDATION = ("abjones_5_08", "abjones_5_09", "amy_9_08", "amy_9_09")
_MUSDB_VALIDATION = (
    "ANiMAL - Rockshow",
    "Actions - One Minute Smile",
    "Alexander Ross - Goodbye Bolero",
    "Clara Berry And Wooldog - Waltz For My Victims",
    "Fergessen - Nos Palpitants",
    "James May - On The Line",
    "Johnny Lokke - Promises & Lies",
    "Leaf - Summerghost",
    "Meaxic - Take A Step",
    "Patrick Talbot - A Reason To Leave",
    "Skelpolu - Human Mistakes",
    "Traffic Experiment - Sirens",
    "Triviul - Angelsaint",
    "Young Griffo - Pennies",
)
_MUSDB_STEMS = ("vocals", "bass", "drums", "other")
_SUM = re.compile(r"mix(ture)?|linear_mixture|master", re.IGNORECASE)


def find_songs(source: Path, layout: str) -> list[SongFiles]:
    """Return the songs of a folder, in the order of their names.

    Raises:
        UnknownName: if there is no such layout.
        InputError: if the folder is not there, or holds no song in that layout.
    """
    if layout not in LAYOUTS:
        raise UnknownName("layout", layout, LAYOUTS)
    if not source.is_dir():
        raise InputError(f"{source}: no such folder; expected one of songs, laid out as {layout}")
    if layout == hits.LAYOUT and (source / hits.TABLE_NAME).is_file():
        songs = hits.listed(source / hits.TABLE_NAME)
    else:
        songs = songs_of(walk(source).recordings, layout)
    if not songs:
        raise InputError(f"{source}: no song is laid out as {layout}; expected {_EXPECTED[layout]}")
    _refuse_repeated(source, songs)
    return songs


def songs_of(files: list[str], layout: str) -> list[SongFiles]:
    """Return the songs that recordings of these names are, in the order of their names."""
    return sorted(LAYOUTS[layout](files), key=lambda song: song.name)


def _refuse_repeated(source: Path, songs: list[SongFiles]) -> None:
    """Refuse files that would become one: songs, or stems of a song, that are named alike."""
    seen: dict[str, str] = {}
    for song in songs:
        for stem in song.stems:
            first = seen.setdefault(song.file(stem), stem.file)
            if first != stem.file:
                raise InputError(
                    f"{source}: {first} and {stem.file} are both {stem.stem} of {song.name}; "
                    "rename one of them"
                )


def _two_channels(files: list[str], place: Callable[[str], tuple[str, str]]) -> Iterator[SongFiles]:
    """Yield a song per stereo file: left the accompaniment, right the voice."""
    for file in files:
        path = PurePosixPath(file)
        if "undivided" in file.lower() or path.suffix.lower() != ".wav":
            continue
        split, group = place(path.stem)
        stems = StemFile("other", file, channel=0), StemFile("vocals", file, channel=1)
        yield SongFiles(plain(path.stem), path.stem, split, group, stems)


def _mir1k_place(clip: str) -> tuple[str, str]:
    song, _, _ = clip.rpartition("_")
    if clip in _MIR1K_VALIDATION:
        return "validation", f"mir1k:{song}"
    split = "train" if clip.partition("_")[0] in _MIR1K_TRAIN else "test"
    return split, f"mir1k:{song}"


def _ikala_place(clip: str) -> tuple[str, str]:
    return "", f"ikala:{clip.partition('_')[0]}"


def _mir1k(files: list[str]) -> Iterator[SongFiles]:
    return _two_channels(files, _mir1k_place)


def _ikala(files: list[str]) -> Iterator[SongFiles]:
    return _two_channels(files, _ikala_place)


def _folders(files: list[str]) -> dict[PurePosixPath, list[StemFile]]:
    """Return the stems of every folder that holds recordings; what is called a mixture is none."""
    folders: dict[PurePosixPath, list[StemFile]] = {}
    for file in files:
        path = PurePosixPath(file)
        if len(path.parts) > 1 and not _SUM.fullmatch(path.stem):
            folders.setdefault(path.parent, []).append(StemFile(path.stem.strip(), file))
    return folders


def _musdb18(files: list[str]) -> Iterator[SongFiles]:
    for folder, stems in _folders(files).items():
        kept = tuple(stem for stem in stems if stem.stem in _MUSDB_STEMS)
        split = split_of(folder.parent.name) or ""
        if split == "train" and folder.name in _MUSDB_VALIDATION:
            split = "validation"
        if kept and split:
            name = plain(folder.name)
            yield SongFiles(name, folder.name, split, f"musdb18:{name}", kept)


def _stems(files: list[str]) -> Iterator[SongFiles]:
    for folder, stems in _folders(files).items():
        words = [split_of(part) or "" for part in folder.parts[:-1]]
        inner = [part for part in folder.parts if not split_of(part)] or [folder.name]
        split = next((word for word in words if word), "")
        yield SongFiles(
            "/".join(map(plain, inner)), folder.as_posix(), split, plain(inner[0]), tuple(stems)
        )


LAYOUTS: dict[str, Callable[[list[str]], Iterator[SongFiles]]] = {
    "mir1k": _mir1k,
    "ikala": _ikala,
    "musdb18": _musdb18,
    "stems": _stems,
    hits.LAYOUT: hits.named,
}
"""By name, what finds the songs among the recordings of a folder."""

_EXPECTED = {
    "mir1k": "stereo WAV files, such as Wavfile/amy_1_01.wav",
    "ikala": "stereo WAV files, such as Wavfile/10161_chorus.wav",
    "musdb18": "folders of songs below train and test, such as train/SONG/vocals.wav",
    "stems": "folders of songs, such as SONG/vocals.wav",
    hits.LAYOUT: f"hits, such as Samples/Snare/43-Snare-Snare_top.flac, or {hits.TABLE_NAME}",
}
