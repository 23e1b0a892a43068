"""Choose which sources sound together in a session of several microphones.

The sources of a session are in one order for all sessions: voice, bass, drums, then instruments by
name, what is left last. They are

* ``songs``: the stems of one song, at one position. Where a song has more stems than are asked, the
  last of them are one source, ``other``;
* ``clips``: clips of different music categories and groups, each at a position of its own, named
  after their categories.

Either way every source sounds: see `mn_dataset.tasks.activity`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID
from mn_dataset.audio.response import Response
from mn_dataset.errors import InputError, RecipeError
from mn_dataset.records import SAMPLING_RATE, Layer, Role
from mn_dataset.seeds import Deck, Stream
from mn_dataset.tasks.activity import ACTIVE_DBFS, active_s, needed_s, sounding_starts
from mn_dataset.tasks.drawing import Starts
from mn_dataset.tasks.feasibility import Segment

DEFAULT_STEMS = 4
REST = "other"

TABLE_OF: dict[str, Role] = {"songs": "stem", "clips": "clean"}
"""Where sources come from, and the table that they stand in."""

_FIRST = ("vocals", "bass", "drums")
_NAMES = {"drum_kit": "drums"}  # of music categories that stems have another name for
_TRIES = 20


@dataclass(frozen=True)
class Session:
    """What sounds in one mixture.

    Attributes:
        id: Of the recipe.
        song: What it is of; of clips the same as the id.
        names: Of the sources.
        sources: The segments of each, which sound as one.
    """

    id: str
    song: str
    names: tuple[str, ...]
    sources: tuple[tuple[Segment, ...], ...]

    @property
    def num_samples(self) -> int:
        """Length in samples."""
        return self.sources[0][0].num_samples


@dataclass(frozen=True)
class Heard:
    """What microphones hear in one mixture.

    Attributes:
        session: Its sources; of them only id, names and length are asked any more.
        layers: All of the recipe, the own source of every microphone before what bleeds into it.
        responses: What layers sound through; those of one name are one.
    """

    session: Session
    layers: Sequence[Layer]
    responses: Sequence[Response] = ()


class SongSessions:
    """The songs of one split that have enough stems, dealt evenly.

    Args:
        corpus: The corpus.
        split: The split.
        seed: Of every choice.
        stems: How many sources a session has.
        seconds: Length of a session; None makes it as long as its song.

    Raises:
        InputError: if there are fewer than two stems.
        RecipeError: if no song has so many, or nowhere do all of them sound.
    """

    def __init__(
        self, corpus: Corpus, split: str, *, seed: int, stems: int, seconds: float | None
    ) -> None:
        refuse_few(stems)
        self._num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        songs = {
            name: _merged(by_name, stems)
            for name, sources in corpus.songs(split).items()
            if len(by_name := _by_name(sources)) >= stems and self._is_long(sources)
        }
        if not songs:
            raise RecipeError(
                f"{corpus.root}: no song of the split {split!r} has {stems} stems that sound and "
                f"last as long as asked; ask for fewer stems, or shorter mixtures"
            )
        self._songs = {
            name: (sources, starts)
            for name, sources in songs.items()
            if len(starts := self._sounding(sources))
        }
        if not self._songs:
            raise RecipeError(self._silence(corpus, split, songs))
        self.usual_count = len(self._songs)
        self._deck = Deck(list(self._songs), seeds.generator(seed, f"sessions {split}", "songs"))
        self._starts = Starts(seed, split)

    def _is_long(self, sources: Sequence[Source]) -> bool:
        return sources[0].entry.frames >= (self._num_samples or 1)

    def _length(self, sources: dict[str, list[Source]]) -> int:
        return self._num_samples or next(iter(sources.values()))[0].entry.frames

    def _sounding(self, sources: dict[str, list[Source]]) -> NDArray[np.int64]:
        """Return the starts on the grid from which all sources sound."""
        length = self._length(sources)
        heard = [sounding_starts(as_one, length) for as_one in sources.values()]
        return np.flatnonzero(np.all(heard, axis=0))

    def _silence(
        self, corpus: Corpus, split: str, songs: dict[str, dict[str, list[Source]]]
    ) -> str:
        """Say of the first song what does not sound in it."""
        song, sources = next(iter(songs.items()))
        length = self._length(sources)
        longest = {name: active_s(as_one, length).max() for name, as_one in sources.items()}
        name = min(longest, key=longest.__getitem__)
        return (
            f"{corpus.root}: in no song of the split {split!r} do all sources sound at one "
            f"position: of {song!r}, {name!r} is above {ACTIVE_DBFS:g} dBFS for "
            f"{longest[name]:.1f} s at best; expected {needed_s(length):.1f} s of every source in "
            f"{length / SAMPLING_RATE:g} s; ask for fewer stems, or for another length"
        )

    def session(self, name: str) -> Session:
        """Draw the sources of one mixture."""
        song = self._deck.deal()
        sources, starts = self._songs[song]
        start = GRID * int(starts[self._starts.next(song, len(starts))])
        length = self._length(sources)
        segments = (
            tuple(Segment(one, start, length) for one in as_one) for as_one in sources.values()
        )
        return Session(name, song, tuple(sources), tuple(segments))


class ClipSessions:
    """The clips of one split, those of a music category dealt evenly.

    Args:
        corpus: The corpus.
        split: The split.
        seed: Of every choice.
        stems: How many sources a session has.
        seconds: Length of a session; None makes it as long as its shortest clip.

    Raises:
        InputError: if there are fewer than two stems.
        RecipeError: if there are too few categories of clips that last and sound as long as asked.
    """

    def __init__(
        self, corpus: Corpus, split: str, *, seed: int, stems: int, seconds: float | None
    ) -> None:
        refuse_few(stems)
        self._corpus, self._split, self._seed, self._stems = corpus, split, seed, stems
        self._num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        by_category: dict[str, list[Source]] = {}
        for clip in corpus.of("clean", split):
            length = self._num_samples or clip.entry.frames
            if sounding_starts([clip], length).any():
                by_category.setdefault(clip.row.category, []).append(clip)
        if len(by_category) < stems:
            raise RecipeError(
                f"{corpus.root}: the split {split!r} has clips of {len(by_category)} music "
                f"categories that last and sound as long as asked "
                f"({', '.join(by_category) or 'none'}); a session of {stems} sources needs as many "
                "categories: ask for fewer stems, or shorter mixtures"
            )
        self.usual_count = -(-sum(map(len, by_category.values())) // stems)
        self._decks = {
            category: Deck(clips, seeds.generator(seed, f"sessions {split}", category))
            for category, clips in by_category.items()
        }
        self._starts = Starts(seed, split)

    def session(self, name: str) -> Session:
        """Draw the sources of one mixture.

        Raises:
            RecipeError: if no clips of so many groups sound together.
        """
        stream = seeds.generator(self._seed, "clips", name)
        reason = ""
        for _ in range(_TRIES):
            clips = self._clips(stream)
            if len(clips) < self._stems:
                reason = f"there are clips of {len(clips)} groups and categories that differ"
                continue
            length = self._num_samples or min(clip.entry.frames for clip in clips)
            heard = [np.flatnonzero(sounding_starts([clip], length)) for clip in clips]
            silent = [clip.id for clip, starts in zip(clips, heard, strict=True) if not len(starts)]
            if not silent:
                named = {
                    _NAMES.get(clip.row.category, clip.row.category): Segment(
                        clip, GRID * int(starts[self._starts.next(clip.id, len(starts))]), length
                    )
                    for clip, starts in zip(clips, heard, strict=True)
                }
                names = tuple(sorted(named, key=order))
                return Session(name, name, names, tuple((named[one],) for one in names))
            reason = (
                f"{silent[0]!r} is above {ACTIVE_DBFS:g} dBFS for less than {needed_s(length):.1f} "
                f"s of {length / SAMPLING_RATE:g} s"
            )
        raise RecipeError(
            f"{self._corpus.root}: {name!r}, a session of {self._stems} clips, cannot be drawn: "
            f"{reason}; ask for fewer stems, or for another length"
        )

    def _clips(self, stream: Stream) -> list[Source]:
        """Return clips of different categories and groups, fewer where there are not so many."""
        found: dict[str, Source] = {}
        for category in stream.shuffled(list(self._decks)):
            if len(found) == self._stems:
                break
            deck, passed = self._decks[category], list[Source]()
            for _ in range(len(deck)):
                clip = deck.deal()
                group = clip.row.group or clip.id
                if group not in found:
                    found[group] = clip
                    break
                passed.append(clip)
            deck.put_back(passed)
        return list(found.values())


def pool_of(
    corpus: Corpus,
    split: str,
    *,
    sources: str | None,
    seed: int,
    stems: int,
    seconds: float | None,
) -> SongSessions | ClipSessions:
    """Return the sessions of a split; without ``sources`` of songs where the corpus has stems."""
    kind = SongSessions if table_of(corpus, sources) == "stem" else ClipSessions
    return kind(corpus, split, seed=seed, stems=stems, seconds=seconds)


def table_of(corpus: Corpus, sources: str | None) -> Role:
    """Return the table that sources are in: one of ``TABLE_OF``, by default where stems are."""
    if sources is None:
        return "stem" if corpus.of("stem") or not corpus.of("clean") else "clean"
    return TABLE_OF[sources]


def refuse_few(stems: int) -> None:
    """Refuse a session of one source.

    Raises:
        InputError: naming the parameter.
    """
    if stems < 2:
        raise InputError(f"stems is {stems}; expected 2 or more")


def _merged(by_name: dict[str, list[Source]], stems: int) -> dict[str, list[Source]]:
    """Return so many sources, in order; the last stems are one where there are more."""
    names = sorted(by_name, key=order)
    if len(names) == stems:
        return {name: by_name[name] for name in names}
    kept, rest = names[: stems - 1], names[stems - 1 :]
    return {name: by_name[name] for name in kept} | {
        REST: [source for name in rest for source in by_name[name]]
    }


def _by_name(sources: Sequence[Source]) -> dict[str, list[Source]]:
    """Return the stems of a song that are not silent, by their names."""
    stems: dict[str, list[Source]] = {}
    for source in sources:
        if source.entry.peak:
            stems.setdefault(source.row.category, []).append(source)
    return stems


def order(name: str) -> tuple[int, str]:
    """Return what sorts sources by their names.

    >>> sorted(["other", "guitar", "drums", "vocals"], key=order)
    ['vocals', 'drums', 'guitar', 'other']
    """
    if name == REST:
        return len(_FIRST) + 1, name
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST)), name
