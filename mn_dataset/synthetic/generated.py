"""Noises that are made when they are needed, by an id that says all of them.

The id ``generated/electrical/clicks/176400/48213`` is the recording number 48213 of clicks, 176400
samples long: the same samples whenever and wherever it is asked for, without a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from mn_dataset.audio import index
from mn_dataset.audio.corpus import Source
from mn_dataset.audio.io import Pcm
from mn_dataset.errors import RecipeError
from mn_dataset.records import SAMPLING_RATE, SYNTHETIC
from mn_dataset.seeds import Stream, generator
from mn_dataset.synthetic import babble, grains, machines, outdoors, spectra
from mn_dataset.synthetic.synthesis import Sound
from mn_dataset.tables import Row

REVISION = 1
"""Raised when the same id gives other sound."""

PREFIX = "generated/"

RMS = 1640.0
"""Of a generated noise in LSB, −26 dBFS; less where it would peak above ``PEAK``."""

PEAK = 32_000
"""The largest magnitude that a generated noise has, in LSB."""

LEAST_RMS = 50.0
"""What the RMS of no generated noise is below, in LSB, however sparse its clicks."""

_NUMBERS = 10**12
_ID = re.compile(r"generated/([a-z]+)/([a-z]+)/([1-9][0-9]*)/(0|[1-9][0-9]*)")


@dataclass(frozen=True)
class Kind:
    """One kind of noise.

    Attributes:
        make: Makes a noise of it, given where chance comes from and the length in samples.
        weight: How often it is drawn within its class.
        text: What it is.
        room: How probable it is that it sounds in a hall.
    """

    make: Callable[[Stream, int], Sound]
    weight: int
    text: str
    room: float = 0.15


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "electrical": {
        "clicks": Kind(grains.clicks, 4, "bare clicks"),
        "crackle": Kind(grains.crackle, 3, "crackle"),
        "discharges": Kind(grains.discharges, 2, "electrical discharges"),
        "hum": Kind(machines.hum, 2, "mains hum and buzz"),
        "motor": Kind(machines.motor, 2, "electric motors"),
        "thumps": Kind(grains.thumps, 1, "thumps"),
    },
    "crowd": {
        "babble": Kind(babble.babble, 3, "babble of synthetic voices", room=0.8),
        "applause": Kind(grains.applause, 1, "applause", room=0.6),
    },
    "weather": {
        "rain": Kind(grains.rain, 2, "rain and water"),
        "wind": Kind(outdoors.wind, 2, "wind"),
        "thunder": Kind(outdoors.thunder, 1, "thunder"),
    },
    "traffic": {
        "engine": Kind(machines.engine, 2, "engines"),
        "rails": Kind(machines.rails, 2, "trains"),
        "road": Kind(outdoors.road, 1, "a road"),
    },
    "stationary": {
        "hiss": Kind(machines.hiss, 2, "hiss"),
        "fan": Kind(machines.fan, 1, "fans"),
    },
}
"""What makes noises, by class and kind."""


@dataclass(frozen=True)
class Generated:
    """One generated noise.

    Attributes:
        noise_class: Its class.
        kind: Its kind, one of those of the class.
        num_samples: Its length.
        number: Which of that kind and length.
    """

    noise_class: str
    kind: str
    num_samples: int
    number: int

    @property
    def id(self) -> str:
        """What recipes name it by."""
        return f"{PREFIX}{self.noise_class}/{self.kind}/{self.num_samples}/{self.number}"

    @cached_property
    def samples(self) -> Pcm:
        """The noise, int16 (time,)."""
        draw = generator(REVISION, "generated", self.id)
        kind = KINDS[self.noise_class][self.kind]
        sound = np.zeros(1)
        while not sound.any():  # nobody may clap in a tenth of a second
            sound = kind.make(draw, self.num_samples)
        return _quantised(spectra.recorded(draw, sound, room=kind.room))

    @cached_property
    def source(self) -> Source:
        """The recording that it would be in a corpus."""
        row = _row(self.id, self.noise_class, self.kind)
        row = replace(row, duration_s=f"{self.num_samples / SAMPLING_RATE:g}")
        return Source("noise", row, index.entry_of(self.samples))


def kind_rows(split: str) -> list[Row]:
    """Return a row for every kind, as a table of what may be drawn has it."""
    return [
        _row(f"{PREFIX}{noise_class}/{kind}", noise_class, kind).with_split(split)
        for noise_class, kinds in KINDS.items()
        for kind in kinds
    ]


def is_generated(source_id: str) -> bool:
    """Tell whether an id is that of a generated noise."""
    return source_id.startswith(PREFIX)


def recording(source_id: str) -> Source:
    """Make the noise of an id, with its row and its figures."""
    return named(source_id).source


def drawn(draw: Stream, noise_class: str, num_samples: int) -> Generated:
    """Draw which noise of a class is to sound."""
    kinds = KINDS[noise_class]
    turns = [name for name, kind in kinds.items() for _ in range(kind.weight)]
    return Generated(noise_class, draw.choice(turns), num_samples, draw.integer(_NUMBERS))


def named(source_id: str) -> Generated:
    """Return the noise of an id.

    Raises:
        RecipeError: if it is none.

    >>> named("generated/stationary/hiss/44100/7").kind
    'hiss'
    """
    match = _ID.fullmatch(source_id)
    if match is None or match[2] not in KINDS.get(match[1], ()):
        raise RecipeError(
            f"no noise {source_id!r} can be generated; expected "
            "generated/CLASS/KIND/SAMPLES/NUMBER with a class and a kind that are known: "
            f"{', '.join(f'{name}/{kind}' for name, kinds in KINDS.items() for kind in kinds)}"
        )
    return Generated(match[1], match[2], int(match[3]), int(match[4]))


def _row(name: str, noise_class: str, kind: str) -> Row:
    return Row(
        id=name,
        file="",
        category=noise_class,
        group=name,
        source=f"generated: {KINDS[noise_class][kind].text} (revision {REVISION})",
        license="CC0-1.0",
        attribution="The M&N toolkit (generated)",
        further=(("origin", SYNTHETIC),),
    )


def _quantised(sound: Sound) -> Pcm:
    sound = sound - sound.mean()
    gain = min(RMS / float(sound.std()), PEAK / float(np.abs(sound).max()))
    samples: Pcm = np.rint(gain * sound).astype(np.int16)
    return samples
