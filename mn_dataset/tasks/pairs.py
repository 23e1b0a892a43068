"""Pair clips and noises: balanced cells, even use of every recording, and no pair that cannot be.

A pair is taken only if the index says that its segments can carry the SNR.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID
from mn_dataset.audio.segment import fade_for, starts
from mn_dataset.errors import RecipeError
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SAMPLING_RATE, SnrDefinition
from mn_dataset.seeds import Deck
from mn_dataset.tasks.drawing import SnrLevel, Starts, bounds, drawn_db
from mn_dataset.tasks.feasibility import Segment, obstacle

_STARTS_PER_NOISE = 8  # tried before the next noise is


@dataclass(frozen=True)
class Cell:
    """What the mixtures of one cell have in common."""

    split: str
    music_category: str
    noise_class: str
    snr: SnrLevel

    def __str__(self) -> str:
        """Name the cell as a person would."""
        low, high = bounds(self.snr)
        snr = f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"
        return f"{self.split}: {self.music_category} × {self.noise_class} × {snr}"


@dataclass(frozen=True)
class Pair:
    """What is mixed in one mixture of music and noise.

    Attributes:
        name: Id of the recipe.
        clean: The segment of a clip.
        noise: The segment of a noise.
        snr_db: The SNR asked.
        clean_gain: Linear gain of the clip.
    """

    name: str
    clean: Segment
    noise: Segment
    snr_db: float
    clean_gain: float = 1.0


class Pool:
    """The recordings of one split, dealt evenly to its cells."""

    def __init__(
        self,
        corpus: Corpus,
        split: str,
        seed: int,
        definition: SnrDefinition,
        seconds: float | None,
    ) -> None:
        self.split, self.seed, self.definition = split, seed, definition
        self.num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        self._clips = self._decks(corpus.of("clean", split), MUSIC_CATEGORIES)
        self._noises = self._decks(corpus.of("noise", split), NOISE_CLASSES)
        self._starts = Starts(seed, split)

    def _decks(self, sources: Sequence[Source], names: Sequence[str]) -> dict[str, Deck[Source]]:
        members = {name: [s for s in sources if s.row.category == name] for name in names}
        return {
            name: Deck(recordings, seeds.generator(self.seed, f"deck {self.split}", name))
            for name, recordings in members.items()
            if recordings
        }

    def cells(self, snr_db: Sequence[SnrLevel]) -> list[Cell]:
        """Return the cells of the categories and classes that the split has."""
        return [
            Cell(self.split, category, noise_class, snr)
            for category in self._clips
            for noise_class in self._noises
            for snr in snr_db
        ]

    def pair(self, name: str, cell: Cell) -> Pair:
        """Draw what is mixed in one mixture of a cell.

        Raises:
            RecipeError: if no segment of the cell can carry its SNR.
        """
        stream = seeds.generator(self.seed, "draw", name)
        snr_db = drawn_db(cell.snr, stream)
        clips, noises = self._clips[cell.music_category], self._noises[cell.noise_class]
        passed: list[Source] = []
        reason = ""
        for _ in range(len(clips)):
            clip = clips.deal()
            cuts, reason = self._fitting(clip, noises, snr_db=snr_db, stream=stream)
            if cuts is not None:
                clips.put_back(passed)
                return Pair(name, *cuts, snr_db)
            passed.append(clip)
        raise RecipeError(f"{cell}: cannot be drawn: {reason}; ask for another SNR or length")

    def _fitting(
        self, clip: Source, noises: Deck[Source], *, snr_db: float, stream: seeds.Stream
    ) -> tuple[tuple[Segment, Segment] | None, str]:
        """Find segments of a clip and of the next noise that can carry an SNR, or say why not.

        Noises that could not are dealt again next, so that their turn is not lost.
        """
        length = self.num_samples or clip.entry.frames
        if clip.entry.frames < length:
            return None, (
                f"{clip.id} lasts {clip.entry.frames / SAMPLING_RATE:g} s, shorter than the "
                f"{length / SAMPLING_RATE:g} s asked, and a clip is never looped"
            )
        passed: list[Source] = []
        reason = ""
        for _ in range(2 * len(noises)):
            noise = noises.deal()
            if noise in passed:
                continue
            for _ in range(_STARTS_PER_NOISE):
                cuts = self._cuts(clip, noise, length, stream)
                problem = obstacle(*cuts, snr_db, self.definition)
                if problem is None:
                    noises.put_back(passed)
                    return cuts, ""
                reason = problem
            passed.append(noise)
        noises.put_back(passed)
        return None, reason

    def _cuts(
        self, clip: Source, noise: Source, length: int, stream: seeds.Stream
    ) -> tuple[Segment, Segment]:
        fade = fade_for(noise.entry.frames, length)
        clean_start = stream.integer(starts(clip.entry.frames, length, 0))
        noise_start = self._starts.next(noise.id, starts(noise.entry.frames, length, fade))
        return (
            Segment(clip, GRID * clean_start, length),
            Segment(noise, GRID * noise_start, length, fade),
        )


def repeated(cells: Sequence[Cell], times: int) -> Iterator[Cell]:
    """Yield every cell some times."""
    return (cell for cell in cells for _ in range(times))


def spread(cells: Sequence[Cell], count: int, seed: int) -> list[Cell]:
    """Deal cells evenly until there are enough, then put them in the table's order."""
    deck = Deck(range(len(cells)), seeds.generator(seed, "cells", cells[0].split))
    return [cells[number] for number in sorted(deck.deal() for _ in range(count))]
