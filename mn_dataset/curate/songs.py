"""Curate published sets of songs: convert the stems of each together, and write ``stems.csv``.

All stems of a song are resampled alike, stay whole and equally long, and get one gain, which lowers
the loudest of them and of their sum to −1 dBFS if it is above: their balance is that of the source.
The hits of a drum kit keep their levels among each other too: the recordings of one are lowered
only where one of them would clip, and their rows say by how much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.scan import Rejection
from mn_dataset.curate import hits
from mn_dataset.curate.layouts import find_songs
from mn_dataset.curate.outcomes import REJECTED_NAME, write_rejections
from mn_dataset.curate.song_files import SongFiles
from mn_dataset.curate.waves import common_gain, read, refuse_unequal
from mn_dataset.errors import AudioError, InputError
from mn_dataset.files.atomic import replacements, sweep, writing
from mn_dataset.files.journal import Journal
from mn_dataset.files.lock import contents, locked
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row
from mn_dataset.workers import each

JOURNAL_NAME = ".mn-curate-songs.jsonl"
VERSION = 1
"""Raised when the same stems give other samples."""


@dataclass(frozen=True)
class SongOutcome:
    """What became of a song.

    Attributes:
        name: Of the song.
        stamps: Size and modification time in ns of each original, in the order of the stems.
        sha256: Of each original.
        pcm_sha256: Of the samples of each stem; () if the song was rejected.
        gain_db: What all of them were changed by.
        frames: Length in samples.
        rejected: Why there is none in the corpus, or "".
    """

    name: str
    stamps: tuple[tuple[int, int], ...]
    sha256: tuple[str, ...] = ()
    pcm_sha256: tuple[str, ...] = ()
    gain_db: float = 0.0
    frames: int = 0
    rejected: str = ""


@dataclass(frozen=True)
class SongsReport:
    """What `curate_songs` did.

    Attributes:
        corpus: The corpus.
        songs: Songs in it.
        stems: Stems in it.
        converted: Songs that were converted in this run.
        rejected: What is not in the corpus, and why.
        nouns: What songs and stems are called.
    """

    corpus: Path
    songs: int
    stems: int
    converted: int
    rejected: tuple[Rejection, ...]
    nouns: tuple[str, str] = ("songs", "stems")

    def __str__(self) -> str:
        """Write one line per thing to know."""
        songs, stems = self.nouns
        line = (
            f"{self.songs} {songs} in {self.stems} {stems} in {self.corpus} ({self.converted} done "
            f"now, the others were finished)"
        )
        if not self.rejected:
            return line
        path = self.corpus / REJECTED_NAME
        return f"{line}\n{len(self.rejected)} {songs} rejected; {path} says why"


def curate_songs(
    recordings: str | Path,
    out: str | Path,
    *,
    layout: str,
    license: str = "",  # noqa: A002 - the column's name
    attribution: str = "",
    source: str = "",
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SongsReport:
    """Turn songs in stems into a corpus: mono, 44.1 kHz, 16-bit WAV, whole, and ``stems.csv``.

    A song whose stems are not equally long or cannot be read is left out, and ``rejected.csv``
    says why. Run again, only what is missing or changed is done.

    Args:
        recordings: The folder of songs.
        out: Folder of the corpus: new, empty, or curated before from the same layout.
        layout: How the songs lie there: "mir1k", "ikala", "musdb18", "stems" or "drumgizmo".
        license: SPDX id of every row that states none; empty is unknown, which stops publication.
        attribution: Line of attribution of every row that states none.
        source: Source of every row; what it states, or the layout and the song's title by default.
        workers: Processes.
        progress: Called with (done, all) songs.

    Raises:
        InputError: if the folder, the layout or the place is at fault, or no song can be used.
        OutputError: if the corpus cannot be written.

    >>> curate_songs("MIR-1K", "corpus", layout="mir1k").songs  # doctest: +SKIP
    1000
    """
    folder = Path(recordings)
    songs = find_songs(folder, layout)
    originals = {stem.file: folder / stem.file for song in songs for stem in song.stems}

    def complete(row: Row) -> Row:
        return replace(
            row,
            license=row.license or license,
            attribution=row.attribution or attribution,
            source=source or row.source,
        )

    return convert_songs(
        songs,
        originals,
        Path(out),
        layout=layout,
        complete=complete,
        workers=workers,
        progress=progress,
    )


def convert_songs(
    songs: Sequence[SongFiles],
    originals: Mapping[str, Path],
    corpus: Path,
    *,
    layout: str,
    complete: Callable[[Row], Row],
    workers: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> SongsReport:
    """Turn songs into a corpus; see ``curate_songs``, of which are the other arguments and errors.

    Args:
        songs: The songs.
        originals: Where each file that they name lies.
        corpus: Folder of the corpus.
        layout: Whose songs they are.
        complete: Adds to a row what the songs do not tell, such as its licence.
        workers: Processes.
        progress: Called with (done, all) songs.
    """
    journal = Journal(
        corpus / JOURNAL_NAME, _decode, asdict, header={"version": VERSION, "layout": layout}
    )
    with locked(corpus, command="mn curate"):
        _open(corpus, journal)
        previous = {outcome.name: outcome for outcome in journal.entries()}
        pieces = [
            ([originals[stem.file] for stem in song.stems], corpus, song, previous.get(song.name))
            for song in songs
        ]
        outcomes: dict[str, SongOutcome] = {}
        for outcome in each(_convert, pieces, workers=workers, ordered=False):
            if outcome != previous.get(outcome.name):
                journal.append(outcome)
            outcomes[outcome.name] = outcome
            if progress:
                progress(len(outcomes), len(songs))
        rows = [complete(row) for song in songs for row in _rows(song, outcomes[song.name], layout)]
        rejected = tuple(
            Rejection(song.title, "", outcomes[song.name].rejected)
            for song in songs
            if outcomes[song.name].rejected
        )
        if not rows:
            raise InputError(f"{corpus}: no song can be used; the first: {rejected[0]}")
        _write_table(corpus, rows)
        write_rejections(corpus, rejected)
        journal.rewrite(outcomes[song.name] for song in songs)
    return SongsReport(
        corpus=corpus,
        songs=len(songs) - len(rejected),
        stems=len(rows),
        converted=sum(outcome != previous.get(name) for name, outcome in outcomes.items()),
        rejected=rejected,
        nouns=("hits", "recordings") if layout == hits.LAYOUT else SongsReport.nouns,
    )


def _open(corpus: Path, journal: Journal[SongOutcome]) -> None:
    """Begin a corpus, or see that it is of the same layout."""
    sweep(corpus)
    if not contents(corpus):
        journal.rewrite([])
    elif journal.stored_header() != journal.header:
        raise InputError(
            f"{corpus}: exists, and was not curated from the layout {journal.header['layout']}; "
            "choose another place or remove it"
        )


def _convert(
    originals: Sequence[Path], corpus: Path, song: SongFiles, previous: SongOutcome | None
) -> SongOutcome:
    """Convert a song, unless that is done and everything is still as it was."""
    if song.fault:
        return SongOutcome(song.name, (), rejected=song.fault)
    files = list(zip(song.stems, originals, strict=True))
    try:
        stamps = tuple(map(_stamp, originals))
        if previous is not None and previous.stamps == stamps and _is_there(corpus, song, previous):
            return previous
        pairs = [read(path, stem.channel) for stem, path in files]
        waves = [wave for wave, _ in pairs]
        refuse_unequal(song, [rate for _, rate in pairs], waves)
        sha256 = tuple(map(io.file_sha256, originals))
    except OSError as error:
        return SongOutcome(song.name, (), rejected=f"cannot be read ({error.strerror})")
    except AudioError as error:
        reason = str(error)
        for stem, path in files:
            if reason.startswith(f"{path}:"):
                reason = stem.file + reason.removeprefix(str(path))
        return SongOutcome(song.name, stamps, rejected=reason)
    gain = common_gain(song, waves)
    pcm = [np.rint(wave * gain).astype(np.int16) for wave in waves]
    paths = [corpus / song.file(stem) for stem in song.stems]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
    with replacements(paths, durable=False) as temporaries:
        for temporary, samples in zip(temporaries, pcm, strict=True):
            io.write_wav(temporary, samples, sampling_rate=SAMPLING_RATE)
    return SongOutcome(
        song.name,
        stamps,
        sha256,
        tuple(map(io.pcm_sha256, pcm)),
        round(20.0 * float(np.log10(gain)), 6),
        len(pcm[0]),
    )


def _is_there(corpus: Path, song: SongFiles, outcome: SongOutcome) -> bool:
    """Tell whether the stems of a finished song are what they were."""
    if outcome.rejected:
        return True
    pairs = zip(song.stems, outcome.pcm_sha256, strict=True)
    return all(io.is_wav_of(corpus / song.file(stem), sha256) for stem, sha256 in pairs)


def _rows(song: SongFiles, outcome: SongOutcome, layout: str) -> Iterator[Row]:
    for number, pcm_sha256 in enumerate(outcome.pcm_sha256):
        stem = song.stems[number]
        row = song.row(stem, layout)
        measured = {
            "original": stem.file,
            "original_sha256": outcome.sha256[number],
            "gain_db": f"{outcome.gain_db:.6f}",
            "pcm_sha256": pcm_sha256,
        }
        yield replace(
            row,
            duration_s=f"{outcome.frames / SAMPLING_RATE:.10g}",
            further=tuple((dict(row.further) | measured).items()),
        )


def _write_table(corpus: Path, rows: Sequence[Row]) -> None:
    """Write the table; splits that were assigned to it stay, files that it no longer names go."""
    path = tables.table_path(corpus, "stem")
    old_rows = tables.parse_table(path) if path.is_file() else []
    assigned = {row.id: row.split for row in old_rows}
    rows = [row if row.split else row.with_split(assigned.get(row.id, "")) for row in rows]
    for file in {row.file for row in old_rows} - {row.file for row in rows}:
        with writing(corpus / file):
            (corpus / file).unlink(missing_ok=True)
    if rows != old_rows:
        tables.write_table(path, rows)


def _stamp(path: Path) -> tuple[int, int]:
    state = path.stat()
    return state.st_size, state.st_mtime_ns


def _decode(content: dict[str, Any]) -> SongOutcome:
    lists = {
        "stamps": tuple((size, mtime_ns) for size, mtime_ns in content["stamps"]),
        "sha256": tuple(content["sha256"]),
        "pcm_sha256": tuple(content["pcm_sha256"]),
    }
    return SongOutcome(**content | lists)
