"""Play scores with sound fonts, SoundFont 2 and its compressed form SF3, by FluidSynth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ctypes import c_int
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from mn_dataset.compose.instruments import INSTRUMENTS, Instrument
from mn_dataset.compose.scores import Part
from mn_dataset.errors import InputError, MissingExtra
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.composition import SECONDS
from mn_dataset.synthetic.synthesis import Sound

_GAIN = 0.4  # of FluidSynth; a lower one follows where samples clip
_CLIPPED = 32_767
_DITHER = 2  # of silence
_VOICES = 256
_SENT_TO_ROOM = 91  # the controller that says how much of a channel is reverberated


@dataclass(frozen=True)
class Room:
    """FluidSynth's reverberation.

    Attributes:
        size: From 0 to 1; how long it reverberates.
        damping: From 0 to 1; how much faster treble decays.
        level: From 0 to 1; how loud it is.
    """

    size: float
    damping: float
    level: float


def presets(font: Path) -> dict[Instrument, str]:
    """Return which of ``INSTRUMENTS`` a font has, and what it calls them.

    Raises:
        InputError: if the file is no sound font, or FluidSynth is not installed.
        MissingExtra: if pyfluidsynth is not.
    """
    with _opened(font, SAMPLING_RATE, None, _GAIN) as (synth, font_id):
        named = {
            instrument: synth.sfpreset_name(font_id, instrument.bank, instrument.programme)
            for group in INSTRUMENTS.values()
            for instrument in group
        }
    return {instrument: name.strip() for instrument, name in named.items() if name is not None}


def play(font: Path, parts: Sequence[Part], *, cents: float, room: Room | None) -> Sound:
    """Play ten seconds of a score, and mix both channels down.

    The pitch is moved by playing at another rate than that of the samples: at 30 cents the tempo
    moves with it, by 1.7 %.

    Args:
        font: The sound font, which has all instruments of the score.
        parts: At most 16.
        cents: By how much everything is higher.
        room: What reverberates, None for nothing.

    Returns:
        The sound, shape (441000,), full scale 1.

    Raises:
        InputError: if the font cannot be read, or is silent.
    """
    gain = _GAIN
    while True:
        stereo = _played(font, parts, SAMPLING_RATE * 2.0 ** (-cents / 1200.0), room, gain)
        if np.abs(stereo).max() < _CLIPPED:
            break
        gain /= 2.0
    if np.abs(stereo).max() <= _DITHER:
        numbers = ", ".join(part.instrument.number for part in parts)
        raise InputError(
            f"{font}: its programmes {numbers} are silent where they are asked for notes; "
            "leave them out"
        )
    sound: Sound = stereo.mean(axis=1) / 32_768.0
    return sound


def library_version() -> str:
    """Return FluidSynth's version, such as "2.3.1".

    Raises:
        InputError: if FluidSynth is not installed.
        MissingExtra: if pyfluidsynth is not.
    """
    numbers = c_int(), c_int(), c_int()
    _library().fluid_version(*numbers)
    return ".".join(str(number.value) for number in numbers)


def _played(font: Path, parts: Sequence[Part], rate: float, room: Room | None, gain: float) -> Any:
    """Return samples of 16 bits, int32 of shape (441000, 2)."""
    end = round(SECONDS * SAMPLING_RATE)
    with _opened(font, rate, room, gain) as (synth, font_id):
        for channel, part in enumerate(parts):
            instrument = part.instrument
            synth.program_select(channel, font_id, instrument.bank, instrument.programme)
            synth.cc(channel, _SENT_TO_ROOM, 127 if room else 0)
        blocks, now = [], 0
        for at, channel, key, velocity in [*_events(parts, rate), (end, 0, 0, 0)]:
            if min(at, end) > now:
                blocks.append(synth.get_samples(min(at, end) - now))
                now = min(at, end)
            if velocity:
                synth.noteon(channel, key, velocity)
            else:
                synth.noteoff(channel, key)
        return np.concatenate(blocks).reshape(-1, 2).astype(np.int32)


def _events(parts: Sequence[Part], rate: float) -> list[tuple[int, int, int, int]]:
    """Return (sample, channel, key, velocity) in order of time; velocity 0 ends a note."""
    events = []
    for channel, part in enumerate(parts):
        for note in part.notes:
            key, velocity = round(note.midi), max(1, min(127, round(127 * note.velocity)))
            events.append((round(note.start_s * rate), channel, key, velocity))
            events.append((round((note.start_s + note.duration_s) * rate), channel, key, 0))
    return sorted(events, key=lambda event: (event[0], event[3]))


@contextmanager
def _opened(font: Path, rate: float, room: Room | None, gain: float) -> Iterator[tuple[Any, int]]:
    """Open a synthesiser with a font in it."""
    if not font.is_file():
        raise InputError(f"{font}: no such file; expected a sound font (.sf2 or .sf3)")
    synth = _library().Synth(
        gain=gain,
        samplerate=rate,
        channels=16,
        **{
            "synth.chorus.active": 0,
            "synth.reverb.active": int(room is not None),
            "synth.polyphony": _VOICES,
            "synth.dynamic-sample-loading": 1,
        },
    )
    try:
        font_id = synth.sfload(str(font))
        if font_id < 0:
            raise InputError(
                f"{font}: FluidSynth {library_version()} cannot read it; expected a sound font "
                "(.sf2 or .sf3)"
            )
        if room is not None:
            synth.set_reverb(room.size, room.damping, 1.0, room.level)
        yield synth, font_id
    finally:
        synth.delete()


@cache
def _library() -> ModuleType:
    try:
        import fluidsynth  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtra("pyfluidsynth", extra="soundfont") from error
    except ImportError as error:
        raise InputError(
            "the library FluidSynth is not installed; run: apt install libfluidsynth3, "
            "or: brew install fluid-synth"
        ) from error
    library: ModuleType = fluidsynth
    return library
