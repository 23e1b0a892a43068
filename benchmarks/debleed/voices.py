"""Say which source every microphone of a session is close to."""

from __future__ import annotations

from collections.abc import Sequence

from mn_dataset.audio.tracks import Track, track_numbers
from mn_dataset.errors import InputError, UnknownName


def voices_of(tracks: Sequence[Track], close: Sequence[Sequence[str]]) -> list[int]:
    """Return for every microphone the number of its source, in the order of the tracks.

    Every track is a source of its own, and the channels of one are microphones of one source.

    Args:
        tracks: Of the session.
        close: Tracks that are close to one source, by their names, with or without suffix, or their
            numbers from 1.

    Raises:
        InputError: if a group has fewer than two tracks, a name is of several, a track is in two
            groups, or all are close to one source.
        UnknownName: with the nearest names.

    >>> from pathlib import Path
    >>> channels = {"kick_in.wav": 1, "kick_out.wav": 1, "over.wav": 2}
    >>> tracks = [Track(Path(name), 48_000, count, 9) for name, count in channels.items()]
    >>> voices_of(tracks, [("kick_in", "2")])
    [0, 0, 1, 1]
    """
    group = list(range(len(tracks)))
    grouped: set[int] = set()
    for names in close:
        members = [_number(name, tracks) for name in names]
        if len(set(members)) < 2:
            raise InputError(
                f"`close` is {','.join(names)}; expected two or more tracks that are close to one "
                "source"
            )
        for member in members:
            if member in grouped:
                raise InputError(
                    f"{tracks[member].name} is in `close` twice; name all tracks of one source at "
                    "once"
                )
            group[member] = min(members)
        grouped.update(members)
    sources = {first: number for number, first in enumerate(dict.fromkeys(group))}
    if len(sources) < 2:
        raise InputError(
            f"all {len(tracks)} tracks are close to one source; bleed is what another one leaves: "
            "name the tracks of the others too"
        )
    return [sources[group[track]] for track in track_numbers(tracks)]


def _number(name: str, tracks: Sequence[Track]) -> int:
    """Return which track a name or a number is of."""
    wanted = name.strip()
    whole = [number for number, track in enumerate(tracks) if track.name == wanted]
    stems = [number for number, track in enumerate(tracks) if track.path.stem == wanted]
    found = whole or stems
    if len(found) > 1:
        raise InputError(
            f"{wanted!r} is the name of {len(found)} tracks; use whole names, or their numbers, "
            f"{', '.join(str(number + 1) for number in found)}"
        )
    if not found and wanted.isdecimal() and 1 <= int(wanted) <= len(tracks):
        found = [int(wanted) - 1]
    if not found:
        raise UnknownName("track", wanted, [track.path.stem for track in tracks])
    return found[0]
