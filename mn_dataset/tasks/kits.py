"""Tell from tables and index which drums a kit has, and which microphone is close to which.

A kit is a group of hits in ``stems.csv``: the song is the hit, the stem the microphone, and two
further columns name the ``drum`` that was hit and the ``microphone``. `mn_dataset.curate.hits`
makes such tables. A third column, ``close``, may name the microphone that is close to the drum of
the row. Where none does, it is the one in which E²/ΣE is largest: E is the mean energy of a hit of
the drum there, and the sum is over all drums. So a microphone is close that hears the drum loudly
and little else; one in the room that is turned up hears all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import round_gain
from mn_dataset.errors import RecipeError

DRUM = "drum"
MICROPHONE = "microphone"
CLOSE = "close"
GAIN = "gain_db"
"""Columns of the table of stems, beyond its schema; the last says what a hit was changed by."""

PARTS = {
    "kick": r"k\w?drum|kick|bass",
    "snare": r"snare",
    "open hi-hat": r"(hi\W?_?hat|hh).*open|open.*(hi\W?_?hat|hh)",
    "hi-hat": r"hi\W?_?hat|hh",
    "tom": r"tom",
    "ride": r"ride",
    "crash": r"",
}
"""What a drum plays, by what its name has in it; the last is all else."""

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9]+")


@dataclass(frozen=True)
class Voice:
    """What one microphone is close to.

    Attributes:
        name: Of the drum, or what the names of several begin with.
        microphone: The microphone.
        drums: The drums, one or more.
    """

    name: str
    microphone: str
    drums: tuple[str, ...]


@dataclass(frozen=True)
class Kit:
    """The hits of one drum kit.

    Attributes:
        name: The group of its rows.
        hits: Names of the hits of every drum.
        recordings: What each microphone heard of each hit, by hit and microphone.
        voices: What the close microphones are close to: kick, snare, hi-hat, toms, cymbals.
    """

    name: str
    hits: Mapping[str, tuple[str, ...]]
    recordings: Mapping[tuple[str, str], Source]
    voices: tuple[Voice, ...]

    def drums_of(self, part: str) -> list[str]:
        """Return the drums that play a part."""
        return [drum for drum in self.hits if part_of(drum) == part]

    def level(self, hit: str) -> float:
        """Return what undoes the gain that a hit was given when it was curated."""
        source = self.recordings[hit, self.voices[0].microphone]
        text = dict(source.row.further).get(GAIN, "") or "0"
        try:
            return round_gain(10.0 ** (-float(text) / 20.0))
        except (ValueError, OverflowError) as error:
            raise RecipeError(
                f"{source.id}: {GAIN} is {text!r}; expected what the hit was changed by, in dB"
            ) from error


def part_of(drum: str) -> str:
    """Return what a drum plays, by its name.

    >>> part_of("kdrumr"), part_of("hihatopen"), part_of("crashr")
    ('kick', 'open hi-hat', 'crash')
    """
    return next(part for part, words in PARTS.items() if re.search(words, drum, re.IGNORECASE))


def kits_of(corpus: Corpus, split: str) -> list[Kit]:
    """Return the kits of a split.

    Raises:
        RecipeError: if there is none, a hit is of two drums, or not all microphones heard it.
    """
    groups: dict[str, list[Source]] = {}
    for source in corpus.of("stem", split):
        cells = dict(source.row.further)
        if cells.get(DRUM) and cells.get(MICROPHONE):
            groups.setdefault(source.row.group, []).append(source)
    if not groups:
        raise RecipeError(
            f"{corpus.root}: no stem of the split {split!r} has a {DRUM} and a {MICROPHONE}; "
            "measured bleed is drawn from the hits of a drum kit, such as `mn curate` makes of the "
            "layout drumgizmo"
        )
    return [_kit(name, sources) for name, sources in groups.items()]


def _kit(name: str, sources: Sequence[Source]) -> Kit:
    recordings: dict[tuple[str, str], Source] = {}
    drums: dict[str, str] = {}
    stated: dict[str, str] = {}
    for source in sources:
        cells, hit = dict(source.row.further), source.row.song
        drum = drums.setdefault(hit, cells[DRUM])
        if drum != cells[DRUM]:
            raise RecipeError(
                f"{source.id}: {DRUM} is {cells[DRUM]!r} where another row of the hit {hit!r} has "
                f"{drum!r}; a hit is of one drum"
            )
        recordings[hit, cells[MICROPHONE]] = source
        if cells.get(CLOSE):
            stated[drum] = cells[CLOSE]
    microphones = list(dict.fromkeys(microphone for _, microphone in recordings))
    for hit in drums:
        for microphone in microphones:
            if (hit, microphone) not in recordings:
                raise RecipeError(
                    f"the kit {name!r}: the hit {hit!r} has no recording by the microphone "
                    f"{microphone!r}; all microphones of a kit hear every hit"
                )
    hits = {
        drum: tuple(sorted(hit for hit, of in drums.items() if of == drum))
        for drum in sorted(set(drums.values()), key=_order)
    }
    for drum, microphone in stated.items():
        if microphone not in microphones:
            raise RecipeError(
                f"the kit {name!r}: {CLOSE} of {drum} is {microphone!r}; expected one of "
                f"{', '.join(microphones)}"
            )
    close = _closest(hits, microphones, recordings) | stated
    return Kit(name, hits, recordings, _voices(hits, close))


def _order(drum: str) -> tuple[int, str]:
    return list(PARTS).index(part_of(drum)), drum


def _closest(
    hits: Mapping[str, Sequence[str]],
    microphones: Sequence[str],
    recordings: Mapping[tuple[str, str], Source],
) -> dict[str, str]:
    """Return the microphone that hears each drum loudly and little else."""
    energy = {
        (drum, microphone): sum(recordings[hit, microphone].entry.level.energy for hit in of_drum)
        / len(of_drum)
        for drum, of_drum in hits.items()
        for microphone in microphones
    }

    def clearness(drum: str, microphone: str) -> float:
        heard = sum(energy[other, microphone] for other in hits)
        return energy[drum, microphone] ** 2 / (heard or 1.0)

    return {
        drum: max(microphones, key=lambda microphone: clearness(drum, microphone)) for drum in hits
    }


def _voices(hits: Mapping[str, Sequence[str]], close: Mapping[str, str]) -> tuple[Voice, ...]:
    drums: dict[str, list[str]] = {}
    for drum in hits:
        drums.setdefault(close[drum], []).append(drum)
    names = {
        microphone: _NOT_IN_NAMES.sub("_", _beginning(of_it)).strip("_")
        for microphone, of_it in drums.items()
    }
    if len(set(names.values()) - {""}) < len(names):
        names = {microphone: _NOT_IN_NAMES.sub("_", microphone).strip("_") for microphone in drums}
    return tuple(
        Voice(names[microphone], microphone, tuple(of_it)) for microphone, of_it in drums.items()
    )


def _beginning(names: Sequence[str]) -> str:
    """Return the letters that all names begin with."""
    same = takewhile(lambda letters: len({*letters}) == 1, zip(*names, strict=False))
    return "".join(letters[0] for letters in same)
