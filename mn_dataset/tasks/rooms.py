"""Draw rooms in which microphones hear each other's sources.

Two kinds are known by name:

* ``convolutive``: a room of its own for every song, of 8–15 × 6–10 × 2.5–9 m and an RT60 of 0.2 to
  0.35 s. Its sources stand on a stage of 4.4 m; a microphone is 0.35 to 0.6 m from its own, and no
  sound is longer under way than 15 ms;
* ``room``: one room of given size and RT60 for all songs, by default 40 × 35 × 20 m and 0.8 s. Its
  sources stand along the diagonal of the floor, near the floor and near the ceiling in turn, each
  microphone 2 m from its own where there is room; who stands where is drawn per song. Sound takes
  as long as it needs, up to some 140 ms there.

Either way levels are those of the room: a microphone hears what comes straight from its own source
at a gain drawn from ``OWN_GAIN``, and all else as much louder or quieter as it is there. Every path
begins after a delay of whole samples; what is less than a sample is in its response, which ends
where no more than −60 dB of its energy follows. Responses are computed once, rounded to 16 bits and
stored beside the recipes: another machine may round a tap of them otherwise, and renders the same.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace
from functools import lru_cache

import numpy as np

from mn_dataset import seeds
from mn_dataset.audio.level import round_gain
from mn_dataset.audio.response import quantise
from mn_dataset.audio.room import (
    MIN_DISTANCE_M,
    SPEED_OF_SOUND,
    Float64,
    Point,
    Room,
    load_library,
    place,
    simulate,
)
from mn_dataset.errors import InputError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Stream
from mn_dataset.tasks.paths import OWN_GAIN, Path, Paths
from mn_dataset.tasks.sessions import Session

SIZES_M = ((8.0, 15.0), (6.0, 10.0), (2.5, 9.0))
RT60_S = (0.2, 0.35)
STAGE_RADIUS_M = 2.2
OWN_DISTANCE_M = (0.35, 0.6)
HEIGHTS_M = (0.8, 1.8)
MOST_ON_STAGE = 12
"""Beyond it a microphone would be closer to another source than to its own."""

LARGE_ROOM_M = (40.0, 35.0, 20.0)
LARGE_RT60_S = 0.8

_CANDIDATES = 20  # of which the one farthest from all others is taken
_TAIL = 1e-6  # of the energy: −60 dB


def convolutive(session: Session, *, seed: int) -> Paths:
    """Return the paths in a room that is drawn for a song.

    Raises:
        InputError: if there are too many sources for a stage.
        MissingExtra: if pyroomacoustics is not installed.
    """
    count = len(session.names)
    if count > MOST_ON_STAGE:
        raise InputError(
            f"stems is {count}; a stage that sound crosses in 15 ms has room for "
            f"{MOST_ON_STAGE} microphones: ask for fewer, or for linear bleed or a room"
        )
    stream = seeds.generator(seed, "bleed room", session.song)
    size = tuple(round(stream.uniform(*sides), 2) for sides in SIZES_M)
    room = _stage((size[0], size[1], size[2]), round(stream.uniform(*RT60_S), 3), count, stream)
    name = f"convolutive, seed {seed}, {session.song}"
    heard, direct = _responses(room, name, {"seed": seed, "song": session.song})
    return _at_levels(heard, direct, range(count), stream)


def given_room(
    session: Session, *, seed: int, room_m: tuple[float, float, float], rt60_s: float
) -> Paths:
    """Return the paths in a room of given size, where who stands where is drawn for a song.

    Raises:
        InputError: if the room is too small for so many sources.
        RecipeError: if it cannot decay in that time.
        MissingExtra: if pyroomacoustics is not installed.
    """
    heard, direct = _given(room_m, rt60_s, len(session.names))
    stream = seeds.generator(seed, "places", session.song)
    return _at_levels(heard, direct, stream.shuffled(range(len(session.names))), stream)


def _at_levels(
    heard: tuple[tuple[Path, ...], ...],
    direct: tuple[Path, ...],
    places: range | list[int],
    stream: Stream,
) -> Paths:
    """Return the paths of sources that stand at some places, at the gains of their microphones."""
    gains = [round_gain(round(stream.uniform(*OWN_GAIN), 2)) for _ in places]

    def path(gain: float, at: Path) -> Path:
        return Path(gain, at.delay, at.response)

    return Paths(
        tuple(
            tuple(path(gain, heard[mic][source]) for source in places)
            for mic, gain in zip(places, gains, strict=True)
        ),
        tuple(path(gain, direct[mic]) for mic, gain in zip(places, gains, strict=True)),
    )


def _stage(size_m: Point, rt60_s: float, count: int, stream: Stream) -> Room:
    """Draw a stage somewhere in a room, sources apart from each other and microphones from them."""
    margin = STAGE_RADIUS_M + OWN_DISTANCE_M[1] + 0.1
    centre = np.array([stream.uniform(margin, side - margin) for side in size_m[:2]])
    sources: list[Float64] = []
    for _ in range(count):
        spots = [_on_disc(stream, centre) for _ in range(_CANDIDATES)]
        sources.append(max(spots, key=lambda spot: _clearance(spot, sources)))
    microphones = []
    for number, source in enumerate(sources):
        others = [other for one, other in enumerate(sources) if one != number]
        distance = stream.uniform(*OWN_DISTANCE_M)
        turns = 2.0 * np.pi * stream.uniforms(_CANDIDATES)
        spots = [source + distance * np.array([math.cos(t), math.sin(t)]) for t in turns]
        microphones.append(max(spots, key=lambda spot: _clearance(spot, others)))
    heights = [stream.uniform(*HEIGHTS_M) for _ in sources]
    return Room(
        size_m,
        rt60_s,
        tuple(map(_point, sources, heights)),
        tuple(map(_point, microphones, heights)),
    )


def _on_disc(stream: Stream, centre: Float64) -> Float64:
    radius = STAGE_RADIUS_M * math.sqrt(stream.uniform())
    turn = stream.uniform(0.0, 2.0 * math.pi)
    return centre + radius * np.array([math.cos(turn), math.sin(turn)])


def _clearance(spot: Float64, others: list[Float64]) -> float:
    return min((math.dist(spot, other) for other in others), default=0.0)


def _point(spot: Float64, height: float) -> Point:
    """Return a place to the millimetre, so that its provenance says all of it."""
    return round(float(spot[0]), 3), round(float(spot[1]), 3), round(height, 3)


@lru_cache(maxsize=4)
def _given(
    room_m: Point, rt60_s: float, count: int
) -> tuple[tuple[tuple[Path, ...], ...], tuple[Path, ...]]:
    """Return the paths between the places of a given room, at gain one."""
    room = _diagonal(room_m, rt60_s, count)
    size = "x".join(f"{side:g}" for side in room_m)
    return _responses(room, f"room {size} m, {rt60_s:g} s, {count} places", {})


def _diagonal(size_m: Point, rt60_s: float, count: int) -> Room:
    """Place sources along the diagonal of the floor, low and high in turn.

    With three in the room of 40 × 35 × 20 m they are where the seed of this task has them.
    """
    length, width, height = size_m
    parts = [number / (count - 1) for number in range(count)]
    sources = [
        (
            round((0.05 + 0.9 * part) * length, 3),
            round((0.94 - 0.88 * part) * width, 3),
            round((0.9 if number % 2 else 0.1) * height, 3),
        )
        for number, part in enumerate(parts)
    ]
    apart = min(math.dist(one, other) for one in sources for other in sources if one is not other)
    distance = round(min(2.0, 0.4 * apart), 3)
    if distance < MIN_DISTANCE_M:
        raise InputError(
            f"room_m is {size_m}, and {count} sources would stand {apart:.2g} m apart in it; "
            f"expected {MIN_DISTANCE_M / 0.4:g} m or more: ask for a larger room, or fewer stems"
        )
    towards = [-distance if y >= width / 2 else distance for _, y, _ in sources]
    microphones = [
        (x, round(y + step, 3), z) for (x, y, z), step in zip(sources, towards, strict=True)
    ]
    return Room(size_m, rt60_s, tuple(sources), tuple(microphones))


def _responses(
    room: Room, name: str, drawn: dict[str, object]
) -> tuple[tuple[tuple[Path, ...], ...], tuple[Path, ...]]:
    """Return the paths in a room, a direct path to the own microphone being of amplitude one."""
    responses, absorption = simulate(room)
    provenance = {
        "generator": "pyroomacoustics",
        "version": load_library().__version__,
        "method": "image sources, windowed sincs",
        "room_m": room.size_m,
        "rt60_s": room.rt60_s,
        "absorption": round(absorption, 4),
        "sources_m": room.sources_m,
        "microphones_m": room.microphones_m,
        **drawn,
    }
    text = json.dumps(provenance, ensure_ascii=False)
    own = [room.distance_m(mic, mic) for mic in range(len(responses))]
    heard = tuple(
        tuple(
            _path(own[mic] * amplitudes, f"{name}: {source} to {mic}", text)
            for source, amplitudes in enumerate(row)
        )
        for mic, row in enumerate(responses)
    )
    direct = tuple(
        _path(
            place(np.array([distance / SPEED_OF_SOUND * SAMPLING_RATE]), np.ones(1)),
            f"{name}: {mic} to {mic}, direct",
            text,
        )
        for mic, distance in enumerate(own)
    )
    return heard, direct


def _path(amplitudes: Float64, name: str, provenance: str) -> Path:
    """Return a path whose delay is the silence before its response, and which ends in time."""
    remaining = np.cumsum(np.square(amplitudes)[::-1])[::-1]
    last = int(np.flatnonzero(remaining > _TAIL * remaining[0])[-1])
    whole = quantise(amplitudes[: last + 1], name=name, provenance=provenance)
    first = int(np.flatnonzero(whole.taps)[0])
    return Path(1.0, first, replace(whole, taps=whole.taps[first:]))
