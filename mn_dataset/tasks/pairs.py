"""Pair clips and noises: balanced cells, even use of every recording, and no pair that cannot be.

A pair is taken only if the index says that its segments can carry the SNR.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID, MIN_RECORDED_RMS, round_gain
from mn_dataset.audio.segment import fade_for, starts
from mn_dataset.errors import RecipeError
from mn_dataset.records import (
    MUSIC_CATEGORIES,
    NOISE_CLASSES,
    SAMPLING_RATE,
    Layer,
    Recipe,
    SnrDefinition,
)
from mn_dataset.seeds import Deck
from mn_dataset.synthetic.generated import Generated, drawn, is_generated
from mn_dataset.tasks.drawing import SnrLevel, Starts, bounds, drawn_db
from mn_dataset.tasks.feasibility import Blend, Segment, Unmade, obstacle

INPUT = "noisy"
"""Name of the one input, in which both sound."""

_STARTS_PER_NOISE = 8  # tried before the next noise is
_SECOND_DB = (-10.0, 10.0)  # level of a second noise against the first


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
        second: The segment of another noise that sounds at the same time.
        second_gain: Linear gain of that against the first; the SNR is to their sum.
    """

    name: str
    clean: Segment
    noise: Segment | Unmade
    snr_db: float
    clean_gain: float = 1.0
    second: Segment | Unmade | None = None
    second_gain: float = 1.0

    @property
    def layers(self) -> list[Layer]:
        """The layers of its recipe, the clip's first."""
        clip = Layer(
            "clean",
            self.clean.name,
            self.clean.start,
            gain=self.clean_gain,
            input=INPUT,
            target="clean",
        )
        first = self._noise_layer(self.noise)
        if self.second is None:
            return [clip, first]
        second = replace(self._noise_layer(self.second), gain=self.second_gain)
        return [clip, replace(first, gain=1.0), second]

    def _noise_layer(self, noise: Segment | Unmade) -> Layer:
        return Layer("noise", noise.name, noise.start, noise.fade, snr_db=self.snr_db, input=INPUT)


class Pool:
    """The recordings of one split, dealt evenly to its cells.

    Args:
        corpus: The corpus.
        split: The split.
        seed: Of every choice.
        definition: What SNR means.
        seconds: Length of a mixture; None makes each as long as its clip.
        generated: Share of the mixtures of each noise class whose noise is generated.
        second_noise: Share of the mixtures with a second noise.
    """

    def __init__(
        self,
        corpus: Corpus,
        split: str,
        seed: int,
        definition: SnrDefinition,
        seconds: float | None,
        *,
        generated: Mapping[str, float] = MappingProxyType({}),
        second_noise: float = 0.0,
    ) -> None:
        self.generated, self.second_noise = generated, second_noise
        self.split, self.seed, self.definition = split, seed, definition
        self.num_samples = None if seconds is None else round(seconds * SAMPLING_RATE)
        self._clips = self._decks(corpus.of("clean", split), MUSIC_CATEGORIES)
        self._noises = self._decks(corpus.of("noise", split), NOISE_CLASSES)
        self._by_class = {
            name: [one for one in corpus.of("noise", split) if one.row.category == name]
            for name in self._noises
        }
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
        clips = self._clips[cell.music_category]
        # From streams of their own, so that a share of 0 leaves all draws as they were.
        share = self.generated.get(cell.noise_class, 0.0)
        made = seeds.generator(self.seed, "generated", name) if share else None
        if made is not None and made.uniform() >= share:
            made = None
        passed: list[Source] = []
        reason = ""
        cuts: tuple[Segment, Segment | Unmade] | None
        for _ in range(len(clips)):
            clip = clips.deal()
            length = self.num_samples or clip.entry.frames
            if clip.entry.frames < length:
                cuts, reason = None, _too_short(clip, length)
            elif made is not None:
                noises = (drawn(made, cell.noise_class, length) for _ in range(_STARTS_PER_NOISE))
                cuts, reason = self._carried(clip, noises, snr_db=snr_db, stream=stream)
            else:
                deck = self._noises[cell.noise_class]
                cuts, reason = self._fitting(clip, deck, length, snr_db=snr_db, stream=stream)
            if cuts is not None:
                clips.put_back(passed)
                clean, noise = cuts
                return self._doubled(Pair(name, clean, noise, snr_db))
            passed.append(clip)
        raise RecipeError(f"{cell}: cannot be drawn: {reason}; ask for another SNR or length")

    def _carried(
        self, clip: Source, noises: Iterable[Generated], *, snr_db: float, stream: seeds.Stream
    ) -> tuple[tuple[Segment, Unmade] | None, str]:
        """Find a segment of a clip that carries an SNR to a generated noise, or say why not."""
        reason = ""
        for noise in noises:
            cuts = self._clip_cut(clip, noise.num_samples, stream), Unmade(noise)
            problem = obstacle(*cuts, snr_db, self.definition)
            if problem is None:
                return cuts, ""
            reason = problem
        return None, reason

    def _fitting(
        self,
        clip: Source,
        noises: Deck[Source],
        length: int,
        *,
        snr_db: float,
        stream: seeds.Stream,
    ) -> tuple[tuple[Segment, Segment] | None, str]:
        """Find segments of a clip and of the next noise that can carry an SNR, or say why not.

        Noises that could not are dealt again next, so that their turn is not lost.
        """
        passed: list[Source] = []
        reason = ""
        for _ in range(2 * len(noises)):
            noise = noises.deal()
            if noise in passed:
                continue
            for _ in range(_STARTS_PER_NOISE):
                cuts = self._clip_cut(clip, length, stream), self._noise_cut(noise, length)
                problem = obstacle(*cuts, snr_db, self.definition)
                if problem is None:
                    noises.put_back(passed)
                    return cuts, ""
                reason = problem
            passed.append(noise)
        noises.put_back(passed)
        return None, reason

    def _clip_cut(self, clip: Source, length: int, stream: seeds.Stream) -> Segment:
        start = stream.integer(starts(clip.entry.frames, length, 0))
        return Segment(clip, GRID * start, length)

    def _noise_cut(self, noise: Source, length: int) -> Segment:
        fade = fade_for(noise.entry.frames, length)
        start = self._starts.next(noise.id, starts(noise.entry.frames, length, fade))
        return Segment(noise, GRID * start, length, fade)

    def _doubled(self, pair: Pair) -> Pair:
        """Return a pair with a second noise, of any class, if it is its turn and one fits."""
        if not self.second_noise:
            return pair
        stream = seeds.generator(self.seed, "second noise", pair.name)
        if stream.uniform() >= self.second_noise:
            return pair
        first, length = pair.noise, pair.clean.num_samples
        for _ in range(_STARTS_PER_NOISE):
            noise_class = stream.choice(list(self._noises))
            second: Segment | Unmade
            if stream.uniform() < self.generated.get(noise_class, 0.0):
                second = Unmade(drawn(stream, noise_class, length))
            else:
                second = self._noise_cut(stream.choice(self._by_class[noise_class]), length)
            level_db = stream.uniform(*_SECOND_DB)
            if second.group == first.group or second.rms_bound < MIN_RECORDED_RMS:
                continue
            gain = round_gain(first.rms / second.rms * 10.0 ** (level_db / 20.0))
            both = Blend((first, second), (1.0, gain))
            if obstacle(pair.clean, both, pair.snr_db, self.definition) is None:
                return replace(pair, second=second, second_gain=gain)
        return pair


def _too_short(clip: Source, length: int) -> str:
    return (
        f"{clip.id} lasts {clip.entry.frames / SAMPLING_RATE:g} s, shorter than the "
        f"{length / SAMPLING_RATE:g} s asked, and a clip is never looped"
    )


def repeated(cells: Sequence[Cell], times: int) -> Iterator[Cell]:
    """Yield every cell some times."""
    return (cell for cell in cells for _ in range(times))


def spread(cells: Sequence[Cell], count: int, seed: int) -> Iterator[Cell]:
    """Deal cells evenly until there are enough, and yield them in the table's order."""
    deck = Deck(range(len(cells)), seeds.generator(seed, "cells", cells[0].split))
    times = Counter(deck.deal() for _ in range(count))
    return (cell for number, cell in enumerate(cells) for _ in range(times[number]))


def noises_told(recipes: Sequence[Recipe]) -> list[str]:
    """Say how many mixtures have generated noise or two noises, none where none has."""
    made = sum(any(is_generated(one.source_id) for one in each.layers) for each in recipes)
    doubled = sum(len(each.layers) > 2 for each in recipes)
    lines = []
    if made:
        lines.append(
            f"Generated noise sounds in {made} of them: it is made from its id in `layers`, has no "
            "file, and is\n  under CC0-1.0."
        )
    if doubled:
        lines.append(
            f"Two noises sound at a time in {doubled} of them: the SNR is to their sum; "
            "`noise_id` and the class\n  are of the first."
        )
    return lines
