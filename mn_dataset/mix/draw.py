"""Draw recipes: balanced cells, even use of every recording, and no bad luck left to rendering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID
from mn_dataset.audio.segment import fade_for, starts
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix import presets
from mn_dataset.mix.capacity import Segment, obstacle
from mn_dataset.mix.recipes import Recipes
from mn_dataset.records import (
    MUSIC_CATEGORIES,
    NOISE_CLASSES,
    SAMPLING_RATE,
    SNR_DEFINITIONS,
    SPLITS,
    Layer,
    Recipe,
    SnrDefinition,
)

DEFAULT_SNR_DB = (0.0, 5.0, 10.0)
_ATTEMPTS = 200
_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: a Weyl sequence with even gaps

SnrLevel = float | tuple[float, float]
"""An SNR in dB, or a range to draw from uniformly."""

Item = TypeVar("Item")


@dataclass(frozen=True)
class Cell:
    """What the mixtures of one cell have in common."""

    split: str
    music_category: str
    noise_class: str
    snr: SnrLevel

    def __str__(self) -> str:
        """Name the cell as a person would."""
        low, high = _range(self.snr)
        snr = f"{low:g} dB" if low == high else f"{low:g} to {high:g} dB"
        return f"{self.split}: {self.music_category} × {self.noise_class} × {snr}"


def draw(
    corpus: Corpus,
    *,
    split: str | Sequence[str] | None = None,
    snr_db: Sequence[SnrLevel] = DEFAULT_SNR_DB,
    snr_definition: SnrDefinition = "power",
    per_cell: int | None = None,
    count: int | None = None,
    seconds: float | None = None,
    seed: int = 0,
    preset: str | None = None,
    dataset_version: str = "1.0.0",
) -> Recipes:
    """Draw recipes for the task ``denoise`` from a corpus's tables and index.

    Args:
        corpus: The corpus; no audio is opened.
        split: One split, several, or None for every split that the corpus has.
        snr_db: SNR levels in dB; a pair is a range that is drawn from uniformly (0.01 dB grid).
        snr_definition: "power", "variance", "active" or "lufs".
        per_cell: Mixtures per music category × noise class × SNR level; 1 by default.
        count: Mixtures per split instead, spread evenly over the cells.
        seconds: Length of a mixture; None makes each as long as its clip.
        seed: Of every choice.
        preset: "musicecan-2024" for the paper's protocol; it fixes levels, lengths and SNRs.
        dataset_version: SemVer of the data that will be rendered.

    Returns:
        The recipes, by id.

    Raises:
        RecipeError: if a cell cannot be drawn, naming it and the reason.
        InputError: if an argument makes no sense.
    """
    _check(snr_db, snr_definition, per_cell, count, seconds)
    chosen = _splits(corpus, split)
    rows: list[Recipe] = []
    for name in chosen:
        if preset is not None:
            rows += presets.draw(preset, corpus, split=name, count=count, seed=seed)
            continue
        pool = _Pool(corpus, name, seed, snr_definition, seconds)
        cells = pool.cells(snr_db)
        wanted = _repeat(cells, per_cell or 1) if count is None else _spread(cells, count, seed)
        rows += [pool.recipe(f"{name}/{number:06d}", cell) for number, cell in enumerate(wanted)]
    rows.sort(key=lambda recipe: recipe.id)
    return Recipes(tuple(rows), corpus.name, corpus.hash, dataset_version=dataset_version)


class _Deck(Generic[Item]):
    """Deals items in a seeded order, each once before any twice."""

    def __init__(self, items: Sequence[Item], stream: seeds.Stream) -> None:
        self._items, self._stream, self._deck = items, stream, list[Item]()

    def deal(self) -> Item:
        if not self._deck:
            self._deck = self._stream.shuffled(self._items)
        return self._deck.pop()

    def put_back(self, items: Sequence[Item]) -> None:
        """Return items that could not be used, to be dealt next."""
        self._deck.extend(reversed(items))

    def __len__(self) -> int:
        return len(self._items)


class _Pool:
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
        self._turns: dict[str, int] = {}

    def _decks(self, sources: Sequence[Source], names: Sequence[str]) -> dict[str, _Deck[Source]]:
        members = {name: [s for s in sources if s.row.category == name] for name in names}
        return {
            name: _Deck(found, seeds.generator(self.seed, f"deck {self.split}", name))
            for name, found in members.items()
            if found
        }

    def cells(self, snr_db: Sequence[SnrLevel]) -> list[Cell]:
        """Return the cells of the categories and classes that the split has."""
        return [
            Cell(self.split, category, noise_class, snr)
            for category in self._clips
            for noise_class in self._noises
            for snr in snr_db
        ]

    def recipe(self, name: str, cell: Cell) -> Recipe:
        """Draw one mixture of a cell.

        Raises:
            RecipeError: if no segment of the cell can carry its SNR.
        """
        stream = seeds.generator(self.seed, "draw", name)
        low, high = _range(cell.snr)
        snr_db = low if low == high else round(stream.uniform(low, high), 2)
        clips, noises = self._clips[cell.music_category], self._noises[cell.noise_class]
        passed_clips: list[Source] = []
        reason = ""
        for _ in range(len(clips)):
            clip = clips.deal()
            passed_noises: list[Source] = []
            for attempt in range(max(_ATTEMPTS // len(clips), 2 * len(noises))):
                if attempt % 4 == 0:  # four places in a recording, then the next recording
                    noise = noises.deal()
                clean_cut, noise_cut = self._cuts(clip, noise, stream)
                problem = obstacle(clean_cut, noise_cut, snr_db, self.definition)
                if problem is None:
                    clips.put_back(passed_clips)
                    noises.put_back([n for n in passed_noises if n is not noise])
                    return self._compose(name, cell, (clean_cut, noise_cut), snr_db)
                reason = problem
                if attempt % 4 == 3:
                    passed_noises.append(noise)
            passed_clips.append(clip)
        raise RecipeError(f"{cell}: cannot be drawn: {reason}; ask for another SNR or length")

    def _cuts(self, clip: Source, noise: Source, stream: seeds.Stream) -> tuple[Segment, Segment]:
        length = self.num_samples or clip.entry.frames
        if clip.entry.frames < length:
            raise RecipeError(
                f"{clip.id} lasts {clip.entry.frames / SAMPLING_RATE:g} s, shorter than the "
                f"{length / SAMPLING_RATE:g} s asked; a clip is never looped, ask for less"
            )
        fade = fade_for(noise.entry.frames, length)
        clean_start = stream.integer(starts(clip.entry.frames, length, 0))
        noise_start = self._next_start(noise.id, starts(noise.entry.frames, length, fade))
        return (
            Segment(clip, GRID * clean_start, length),
            Segment(noise, GRID * noise_start, length, fade),
        )

    def _next_start(self, noise_id: str, bound: int) -> int:
        """Return the next of a low-discrepancy sequence: a recording is covered evenly."""
        turn = self._turns.get(noise_id, 0)
        self._turns[noise_id] = turn + 1
        offset = int(seeds.generator(self.seed, f"start {self.split}", noise_id).words(1)[0])
        return ((offset + turn * _GOLDEN) % 2**64 * bound) >> 64

    def _compose(
        self, name: str, cell: Cell, cuts: tuple[Segment, Segment], snr_db: float
    ) -> Recipe:
        clean, noise = cuts
        return Recipe(
            id=name,
            task="denoise",
            split=cell.split,
            seed=self.seed,
            num_samples=clean.num_samples,
            sampling_rate=SAMPLING_RATE,
            layers=(
                Layer("clean", clean.source.id, clean.start, gain=1.0),
                Layer("noise", noise.source.id, noise.start, noise.fade, snr_db=snr_db),
            ),
            targets=("clean",),
            snr_db=snr_db,
            snr_definition=self.definition,
            music_category=cell.music_category,
            noise_class=cell.noise_class,
        )


def _repeat(cells: Sequence[Cell], times: int) -> Iterator[Cell]:
    return (cell for cell in cells for _ in range(times))


def _spread(cells: Sequence[Cell], count: int, seed: int) -> list[Cell]:
    """Deal cells evenly until there are enough, then put them in the table's order."""
    deck = _Deck(range(len(cells)), seeds.generator(seed, "cells", cells[0].split))
    return [cells[number] for number in sorted(deck.deal() for _ in range(count))]


def _range(level: SnrLevel) -> tuple[float, float]:
    low, high = level if isinstance(level, tuple) else (level, level)
    return float(low), float(high)


def _splits(corpus: Corpus, split: str | Sequence[str] | None) -> list[str]:
    asked = [split] if isinstance(split, str) else list(split or SPLITS)
    for name in asked:
        if name not in SPLITS:
            raise UnknownName("split", name, SPLITS)
    held = [name for name in asked if corpus.of("clean", name) and corpus.of("noise", name)]
    missing = [name for name in asked if name not in held]
    if missing and (split is not None or not held):
        raise InputError(
            f"{corpus.root}: no clip or no noise is in the split {missing[0]!r}; fill the column "
            f"'split' of both tables, for example with `mn split {corpus.root} --in-place`"
        )
    return held


def _check(
    snr_db: Sequence[SnrLevel],
    definition: str,
    per_cell: int | None,
    count: int | None,
    seconds: float | None,
) -> None:
    if definition not in SNR_DEFINITIONS:
        raise UnknownName("SNR definition", definition, SNR_DEFINITIONS)
    bounds = [bound for level in snr_db for bound in _range(level)]
    if not bounds or not all(map(math.isfinite, bounds)):
        raise InputError(f"the SNR levels are {list(snr_db)}; expected finite numbers of dB")
    if len(set(map(_range, snr_db))) != len(snr_db):
        raise InputError(f"the SNR levels {list(snr_db)} repeat themselves; name each once")
    if per_cell is not None and count is not None:
        raise InputError("--per-cell and --count exclude each other; give one")
    if min(per_cell or 1, count or 1) < 1 or per_cell == 0 or count == 0:
        raise InputError("--per-cell and --count are 1 or more")
    if seconds is not None and not 0 < seconds < math.inf:
        raise InputError(f"--seconds is {seconds:g}; expected a positive length")
