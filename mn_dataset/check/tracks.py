"""Judge whether tracks are of one session: one rate, one length, one source each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mn_dataset import tables
from mn_dataset.audio.scan import walk
from mn_dataset.audio.tracks import Track
from mn_dataset.check.finding import Finding
from mn_dataset.records import TABLES

MOST_CHANNELS = 2


def is_session(paths: Sequence[Path]) -> bool:
    """Tell whether paths are of a session: files, several, or a folder of recordings, no tables."""
    if len(paths) != 1:
        return bool(paths)
    (path,) = paths
    if not path.is_dir():
        return path.is_file()
    has_table = any(tables.table_path(path, role).is_file() for role in TABLES)
    return not has_table and any("/" not in name for name in walk(path).recordings)


def track_findings(tracks: Sequence[Track]) -> list[Finding]:
    """Return what keeps tracks from being one session: rates, lengths and channels that differ.

    Args:
        tracks: At least one.
    """
    return [*_rates(tracks), *_lengths(tracks), *_channels(tracks), *_alone(tracks)]


def _rates(tracks: Sequence[Track]) -> Iterator[Finding]:
    usual = Counter(track.sampling_rate for track in tracks).most_common(1)[0][0]
    for track in tracks:
        if track.sampling_rate != usual:
            text = f"has {track.sampling_rate} Hz, and most others have {usual} Hz"
            yield _error("rate", track, text, f"export all tracks at {usual} Hz")


def _lengths(tracks: Sequence[Track]) -> Iterator[Finding]:
    """Yield the tracks that end before the longest; by seconds where rates differ too."""
    longest = max(track.duration_s for track in tracks)
    for track in tracks:
        missing_s = longest - track.duration_s
        missing = round(missing_s * track.sampling_rate)
        if missing:
            text = f"is {missing} samples ({missing_s:.3f} s) shorter than the longest track"
            cure = "export all from one start to one end, or `pad` them where they begin together"
            yield _error("length", track, text, cure)


def _channels(tracks: Sequence[Track]) -> Iterator[Finding]:
    for track in tracks:
        if track.channels > MOST_CHANNELS:
            text = f"has {track.channels} channels; a track is one source, mono or stereo"
            yield _error("channels", track, text, "split it into one file per microphone")


def _alone(tracks: Sequence[Track]) -> Iterator[Finding]:
    if len(tracks) == 1:
        text = "is the only track, and bleed is found by comparing microphones"
        yield _error("alone", tracks[0], text, "name all tracks of the session")


def _error(kind: str, track: Track, text: str, cure: str) -> Finding:
    return Finding("error", kind, str(track.path), None, None, text, cure)
