"""Choose which stems of which songs sound together in a mixture of voice and accompaniment.

Three ways of mixing are known by name:

* ``coherent``: all stems of one song at one position, as they were recorded;
* ``paired``: the voice of one song over the accompaniment of another, of another group where there
  is one; the stems of each side stay together;
* ``incoherent``: every stem of a song is exchanged for one of the same name, of any song and at a
  position of its own; the voices of a song stay together.

Pairs may be restricted to songs of like tempo, by a column ``tempo_bpm`` of the table of stems.

A circular shift parts the two sides of a mixture: one of them begins somewhere else in its song and
goes on from the song's beginning at its end. Which side is shifted is named, because the sources
differ: the training script of Huang et al. shifts the music, other accounts of it say the voice.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID, round_gain
from mn_dataset.audio.segment import starts
from mn_dataset.errors import RecipeError
from mn_dataset.records import SAMPLING_RATE, SnrDefinition, is_voice
from mn_dataset.seeds import Deck, Stream
from mn_dataset.tasks.drawing import SnrLevel, Starts, bounds, drawn_db
from mn_dataset.tasks.feasibility import Blend, Segment, obstacle

MIXINGS = ("coherent", "paired", "incoherent")
SHIFTS = ("none", "voice", "accompaniment")

TEMPO = "tempo_bpm"
"""Column of the table of stems, beyond its schema, that holds the tempo of a song."""

_LIKE = (1.0, 2.0)  # ratios of tempos; many are heard at half or twice their rate
_TRIES = 8  # positions in a song before the next song is tried


@dataclass(frozen=True)
class Song:
    """The stems of a song that are not silent, by what they are to a mixture.

    Attributes:
        name: As the table has it.
        voice: What is sung.
        accompaniment: All else.
    """

    name: str
    voice: tuple[Source, ...]
    accompaniment: tuple[Source, ...]

    @property
    def frames(self) -> int:
        """Length in samples."""
        return (*self.voice, *self.accompaniment)[0].entry.frames

    @property
    def group(self) -> str:
        """What it must not be told apart from."""
        return (*self.voice, *self.accompaniment)[0].row.group or self.name

    @property
    def tempo_bpm(self) -> float | None:
        """Beats per minute, if one of its stems has a number above 0 in the column ``TEMPO``."""
        for stem in (*self.voice, *self.accompaniment):
            try:
                tempo_bpm = float(dict(stem.row.further).get(TEMPO, ""))
            except ValueError:
                continue
            if 0 < tempo_bpm < math.inf:
                return tempo_bpm
        return None


@dataclass(frozen=True)
class Sung:
    """What is mixed in one mixture of voice and accompaniment.

    Attributes:
        name: Id of the recipe.
        voice: The reference of the ratio.
        accompaniment: What is brought to the ratio.
        ratio_db: Of the voice to the accompaniment.
    """

    name: str
    voice: Blend
    accompaniment: Blend
    ratio_db: float


def audible_songs(corpus: Corpus, split: str) -> list[Song]:
    """Return the songs of a split of which something can be heard."""
    songs = []
    for name, stems in corpus.songs(split).items():
        heard = [stem for stem in stems if stem.entry.peak]
        voice = tuple(stem for stem in heard if is_voice(stem.row.category))
        rest = tuple(stem for stem in heard if not is_voice(stem.row.category))
        if heard:
            songs.append(Song(name, voice, rest))
    return songs


class SongPool:
    """The songs of one split, dealt evenly.

    Args:
        corpus: The corpus.
        split: The split.
        seed: Of every choice.
        definition: What the ratio means.
        mixing: One of ``MIXINGS``.
        shift: One of ``SHIFTS``.
        stem_gain_db: Range of the gain of each stem; None leaves them as they are recorded.
        seconds: Length of a mixture; None makes it as long as the shortest song that is in it.
        tempo_tolerance: How far the tempos of a pair may be apart, as a share; half and twice a
            tempo are alike. None pairs any songs.

    Raises:
        RecipeError: if the split has no songs to mix in this way.
    """

    def __init__(
        self,
        corpus: Corpus,
        split: str,
        *,
        seed: int,
        definition: SnrDefinition,
        mixing: str,
        shift: str,
        stem_gain_db: tuple[float, float] | None,
        seconds: float | None,
        tempo_tolerance: float | None,
    ) -> None:
        self.split, self.seed, self.definition = split, seed, definition
        self.mixing, self.shift, self.stem_gain_db = mixing, shift, stem_gain_db
        self.tempo_tolerance = tempo_tolerance
        self.num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        songs = audible_songs(corpus, split)
        if tempo_tolerance is not None:
            _refuse_unknown_tempo(corpus, songs)
        self._played = [song for song in songs if song.accompaniment]
        sung = [song for song in songs if song.voice and self._partners(song)]
        if not sung:
            needs = "a song with a voice and, " + (
                "in another one, accompaniment" if mixing == "paired" else "in it, accompaniment"
            )
            if tempo_tolerance is not None:
                needs += (
                    f" of a tempo within {tempo_tolerance:g} of its own, or of half or twice it"
                )
            raise RecipeError(
                f"{corpus.root}: the split {split!r} has {len(songs)} songs, of which "
                f"{sum(bool(song.voice) for song in songs)} are sung; {mixing} mixing needs {needs}"
            )
        self.num_songs = len(sung)
        self._turns = {song.name: number for number, song in enumerate(sung)}
        self._sung = Deck(sung, seeds.generator(seed, f"songs {split}", "sung"))
        self._stems = self._decks(stem for song in songs for stem in song.accompaniment)
        self._starts = Starts(seed, split)

    def _decks(self, stems: Iterable[Source]) -> dict[str, Deck[Source]]:
        by_name: dict[str, list[Source]] = {}
        for stem in stems:
            by_name.setdefault(stem.row.category, []).append(stem)
        purpose = f"stems {self.split}"
        return {
            name: Deck(of_name, seeds.generator(self.seed, purpose, name))
            for name, of_name in by_name.items()
        }

    def mixture(self, name: str, levels: Sequence[SnrLevel]) -> Sung:
        """Draw what is mixed in one mixture.

        Every song goes through the ratios in turn, each from another one on: after as many
        mixtures as there are songs and ratios, every song has been heard at every ratio.

        Raises:
            RecipeError: if no song of the split can carry the ratio.
        """
        stream = seeds.generator(self.seed, "draw", name)
        level = levels[0]
        passed: list[Song] = []
        reason = ""
        for _ in range(self.num_songs):
            song = self._sung.deal()
            level = levels[self._turns[song.name] % len(levels)]
            ratio_db = drawn_db(level, stream)
            for _ in range(_TRIES):
                sides, reason = self._sides(song, ratio_db, stream)
                if sides is not None:
                    self._turns[song.name] += 1
                    self._sung.put_back(passed)
                    return Sung(name, *sides, ratio_db)
            passed.append(song)
        low, high = bounds(level)
        ratio = f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"
        raise RecipeError(
            f"{self.split}: {ratio} cannot be drawn: {reason}; ask for another ratio or length"
        )

    def _sides(
        self, song: Song, ratio_db: float, stream: Stream
    ) -> tuple[tuple[Blend, Blend] | None, str]:
        """Cut voice and accompaniment that can carry a ratio, or say why they cannot."""
        others = self._accompaniment(song, stream)
        shortest = min((song.voice[0], *others), key=lambda stem: stem.entry.frames)
        length = self.num_samples or shortest.entry.frames
        if shortest.entry.frames < length:
            return None, (
                f"{shortest.id} lasts {shortest.entry.frames / SAMPLING_RATE:g} s, shorter than "
                f"the {length / SAMPLING_RATE:g} s asked, and a song is never repeated"
            )
        start = self._start(song.voice[0], length, "voice", stream)
        voice = self._blend([(stem, start) for stem in song.voice], length, stream)
        if self.mixing == "incoherent":
            starts_of = [self._start(stem, length, "accompaniment", stream) for stem in others]
        elif self.mixing == "paired" or self.shift != "none":
            starts_of = [self._start(others[0], length, "accompaniment", stream)] * len(others)
        else:
            starts_of = [start] * len(others)
        places = list(zip(others, starts_of, strict=True))
        accompaniment = self._blend(places, length, stream)
        reason = obstacle(voice, accompaniment, ratio_db, self.definition)
        return ((voice, accompaniment), "") if reason is None else (None, reason)

    def _accompaniment(self, song: Song, stream: Stream) -> Sequence[Source]:
        """Return the stems that accompany the voice of a song."""
        if self.mixing == "coherent":
            return song.accompaniment
        if self.mixing == "incoherent":
            return [self._stems[stem.row.category].deal() for stem in song.accompaniment]
        return stream.choice(self._partners(song)).accompaniment

    def _partners(self, song: Song) -> list[Song]:
        """Return the songs whose accompaniment the voice of a song may be heard over."""
        if self.mixing != "paired":
            return [song] if song.accompaniment else []
        others = [
            other for other in self._played if other.name != song.name and self._alike(song, other)
        ]
        return [other for other in others if other.group != song.group] or others

    def _alike(self, song: Song, other: Song) -> bool:
        if self.tempo_tolerance is None:
            return True
        slower, faster = sorted(one.tempo_bpm or math.nan for one in (song, other))
        alike = (like * slower for like in _LIKE)
        return any(abs(faster - tempo) <= self.tempo_tolerance * tempo for tempo in alike)

    def _start(self, stem: Source, length: int, side: str, stream: Stream) -> int:
        """Return where a side begins: anywhere in the circle of its song if it is shifted."""
        if self.shift == side:
            return GRID * stream.integer(max(1, stem.entry.frames // GRID))
        bound = starts(stem.entry.frames, length, 0)
        return GRID * self._starts.next(stem.row.song, bound)

    def _blend(self, places: Sequence[tuple[Source, int]], length: int, stream: Stream) -> Blend:
        segments = tuple(Segment(stem, start, length) for stem, start in places)
        return Blend(segments, tuple(self._gain(stream) for _ in segments))

    def _gain(self, stream: Stream) -> float:
        if self.stem_gain_db is None:
            return 1.0
        return round_gain(10.0 ** (round(stream.uniform(*self.stem_gain_db), 2) / 20.0))


def _refuse_unknown_tempo(corpus: Corpus, songs: Iterable[Song]) -> None:
    for song in songs:
        if song.tempo_bpm is None:
            raise RecipeError(
                f"{corpus.root}: the song {song.name!r} has no tempo; pairs of like tempo need one "
                f"above 0 for every song, in a column {TEMPO} of the table of stems"
            )
