"""Choose which sources sound together in a session of several microphones.

The sources of a session are the stems of one song, in one order for all songs: voice, bass, drums,
then instruments by name, what is left last. Where a song has more stems than are asked, the last of
them are one source, ``other``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID
from mn_dataset.audio.segment import starts
from mn_dataset.errors import InputError, RecipeError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import Deck
from mn_dataset.tasks.drawing import Starts
from mn_dataset.tasks.feasibility import Segment

DEFAULT_STEMS = 4
REST = "other"
_FIRST = ("vocals", "bass", "drums")


@dataclass(frozen=True)
class Session:
    """What sounds in one mixture.

    Attributes:
        id: Of the recipe.
        song: What it is of.
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


class SessionPool:
    """The songs of one split that have enough stems, dealt evenly.

    Args:
        corpus: The corpus.
        split: The split.
        seed: Of every choice.
        stems: How many sources a session has.
        seconds: Length of a session; None makes it as long as its song.

    Raises:
        InputError: if there are fewer than two stems.
        RecipeError: if no song has so many.
    """

    def __init__(
        self, corpus: Corpus, split: str, *, seed: int, stems: int, seconds: float | None
    ) -> None:
        if stems < 2:
            raise InputError(f"stems is {stems}; expected 2 or more")
        self._seed, self._stems = seed, stems
        self._num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        songs = {
            name: by_name
            for name, sources in corpus.songs(split).items()
            if len(by_name := _by_name(sources)) >= stems and self._is_long(sources)
        }
        if not songs:
            raise RecipeError(
                f"{corpus.root}: no song of the split {split!r} has {stems} stems that sound and "
                f"last as long as asked; ask for fewer stems, or shorter mixtures"
            )
        self.num_songs = len(songs)
        self._songs = songs
        self._deck = Deck(list(songs), seeds.generator(seed, f"sessions {split}", "songs"))
        self._starts = Starts(seed, split)

    def _is_long(self, sources: Sequence[Source]) -> bool:
        return sources[0].entry.frames >= (self._num_samples or 1)

    def session(self, name: str) -> Session:
        """Draw the sources of one mixture."""
        song = self._deck.deal()
        by_name = self._songs[song]
        names = sorted(by_name, key=order)
        kept = names if len(names) == self._stems else names[: self._stems - 1]
        merged = [list(by_name[one]) for one in kept]
        if len(kept) < self._stems:
            merged.append([source for one in names[len(kept) :] for source in by_name[one]])
            kept = [*kept, REST]
        frames = merged[0][0].entry.frames
        length = self._num_samples or frames
        start = GRID * self._starts.next(song, starts(frames, length, 0))
        return Session(
            name,
            song,
            tuple(kept),
            tuple(tuple(Segment(one, start, length) for one in sources) for sources in merged),
        )


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
