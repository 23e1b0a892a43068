"""Describe `mir1k`: MIR-1K's 1000 clips of 110 songs, by address and hash, as songs in stems.

No licence covers them. They are taken only where that is allowed in so many words, and are neither
shipped nor published; what was learned from them says so.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mn_dataset.audio.scan import walk
from mn_dataset.catalogue.registry import CorpusSpec, metadata_folder
from mn_dataset.curate.layouts import songs_of
from mn_dataset.curate.song_files import SongFiles
from mn_dataset.curate.songs import SongsReport, convert_songs
from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.addresses import is_address
from mn_dataset.fetch.download import verify
from mn_dataset.fetch.originals import Original, check_origin, obtain_all
from mn_dataset.fetch.report import FetchReport, RowReport
from mn_dataset.fetch.session import FetchRequest, check_fill
from mn_dataset.fetch.transfer import OtherBytes
from mn_dataset.licenses import gate
from mn_dataset.tables import Row, Rows

LAYOUT = "mir1k"
ADDRESS = (
    "https://raw.githubusercontent.com/andabi/music-source-separation/"
    "a1d8cb7b2f0dd7677630069f5bd67fcce4a8e22a/dataset/mir-1k/Wavfile"
)
_NOTE = (
    "no licence covers these clips: keep them, and mixtures of them, to yourself, and say so of "
    "weights that learned from them"
)


@dataclass(frozen=True)
class Clip:
    """A clip: left the accompaniment, right the voice, 16 kHz.

    Attributes:
        file: Its name.
        original: Its address and hash.
        duration_s: Its length.
    """

    file: str
    original: Original
    duration_s: str


def clips() -> list[Clip]:
    """Return what the list of clips says."""
    path = metadata_folder(LAYOUT) / "clips.csv"
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Clip(name, Original(f"{ADDRESS}/{name}", line["sha256"]), line["duration_s"])
            for line in csv.DictReader(file)
            for name in [f"{line['clip']}.wav"]
        ]


def rows() -> Rows:
    """Return the table of stems; there are no others."""
    listed = {clip.file: clip for clip in clips()}
    stems = [
        replace(_addressed(song.row(stem, LAYOUT), clip), duration_s=clip.duration_s)
        for song in songs_of(list(listed), LAYOUT)
        for stem in song.stems
        for clip in [listed[stem.file]]
    ]
    return {"clean": [], "noise": [], "stem": stems}


def fetch(request: FetchRequest) -> FetchReport:
    """Get the clips, and convert them once all are there, or what is there if that is allowed.

    Raises:
        InputError: if clips without a licence are not allowed, or a parameter is wrong.
        OutputError: if something cannot be written.
    """
    _check(request)
    listed = {clip.file: clip for clip in clips()}
    originals = _originals(list(listed.values()), request)
    paths = {name: path for name, path in originals.items() if isinstance(path, Path)}
    songs = songs_of(list(paths), LAYOUT)
    can_convert = bool(paths) and (len(paths) == len(listed) or request.allow_missing)
    made = _converted(songs, paths, listed, request) if can_convert else None
    rejected = {} if made is None else {one.file: one.reason for one in made.rejected}
    reports = tuple(
        _row_report(row, originals[PurePosixPath(row.url).name], rejected) for row in rows()["stem"]
    )
    notes = [_NOTE] if made else []
    if not made:
        notes.append(
            "take what is missing from elsewhere with `origin`, or leave it out with allow_missing"
        )
    return FetchReport(
        request.folder,
        reports,
        num_made=2 * made.converted if made else 0,
        has_tables=made is not None,
        notes=tuple(notes),
    )


def _check(request: FetchRequest) -> None:
    check_origin(request.origin)
    check_fill(request.fill)
    for name in ("fill", "lock"):
        value = getattr(request, name)
        if value is not None:
            raise InputError(
                f"{name} is {value}: {LAYOUT} has no cells to fill, and a published hash of every "
                "clip; leave it out"
            )
    if not gate(request.license_allow, stated=[""])(""):
        allowed = ",".join(request.license_allow or ("free",))
        raise InputError(
            f"license_allow is {allowed}: no licence covers the clips of MIR-1K. Whoever fetches "
            "them answers for that, and may pass on neither them nor mixtures of them; to fetch "
            "them all the same, give license_allow any"
        )


def _originals(listed: Sequence[Clip], request: FetchRequest) -> dict[str, Path | FetchError]:
    """Return the verified file of each clip, or why there is none."""
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        if request.progress:
            request.progress(done, 2 * len(listed))

    if request.origin is None or is_address(request.origin):
        files = obtain_all(
            [clip.original for clip in listed],
            origin=request.origin,
            patience=request.patience,
            step=step,
        )
        return {clip.file: files[clip.original] for clip in listed}
    # MIR-1K as it is unpacked, or a mirror's folder: no two of its files have one name.
    names = {PurePosixPath(name).name: name for name in walk(Path(request.origin)).recordings}
    found: dict[str, Path | FetchError] = {}
    for clip in listed:
        found[clip.file] = _in_folder(Path(request.origin), names.get(clip.file), clip)
        step()
    return found


def _in_folder(folder: Path, name: str | None, clip: Clip) -> Path | FetchError:
    if name is None:
        return FetchError(f"{folder}: no {clip.file} in it or below; expected the clip of MIR-1K")
    try:
        verify(folder / name, sha256=clip.original.sha256, where=str(folder / name))
    except FetchError as error:
        return error
    return folder / name


def _converted(
    songs: Sequence[SongFiles],
    paths: Mapping[str, Path],
    listed: Mapping[str, Clip],
    request: FetchRequest,
) -> SongsReport:
    def complete(row: Row) -> Row:
        return _addressed(row, listed[dict(row.further)["original"]])

    def progress(done: int, total: int) -> None:
        if request.progress:
            request.progress(total + done, 2 * total)

    return convert_songs(
        songs,
        paths,
        request.folder,
        layout=LAYOUT,
        complete=complete,
        workers=request.workers,
        progress=progress,
    )


def _addressed(row: Row, clip: Clip) -> Row:
    return replace(row, url=clip.original.url, sha256=clip.original.sha256)


def _row_report(
    row: Row, file_or_error: Path | FetchError, rejected: Mapping[str, str]
) -> RowReport:
    title = PurePosixPath(row.url).stem
    if isinstance(file_or_error, OtherBytes):
        return RowReport(row.id, row.file, "different", str(file_or_error))
    if isinstance(file_or_error, FetchError):
        return RowReport(row.id, row.file, "missing", str(file_or_error))
    if title in rejected:
        return RowReport(row.id, row.file, "missing", rejected[title])
    return RowReport(row.id, row.file, "present", "of the published bytes")


SPEC = CorpusSpec(
    name="mir1k",
    description="MIR-1K: 1000 clips of songs, voice and accompaniment; no licence covers them",
    home="https://github.com/andabi/music-source-separation",
    rows=rows,
    fetch=fetch,
)
