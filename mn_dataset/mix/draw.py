"""Draw recipes: balanced cells, even use of every recording, and no bad luck left to rendering."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus, Source
from mn_dataset.audio.level import GRID
from mn_dataset.audio.segment import fade_for, starts
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix import presets
from mn_dataset.mix.feasibility import Segment, obstacle
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
from mn_dataset.seeds import Deck

DEFAULT_SNR_DB = (0.0, 5.0, 10.0)
MIN_SECONDS = 0.1
_SEEDS = 2**63  # what a signed 64-bit column holds
_PLACES = 8  # tried in a noise before the next one is
_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: a Weyl sequence with even gaps

SnrLevel = float | tuple[float, float]
"""An SNR in dB, or a range to draw from uniformly."""


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
    if not -_SEEDS <= seed < _SEEDS:
        raise InputError(f"--seed is {seed}; expected a number that fits in 64 bits")
    if preset is not None and (seconds, per_cell, snr_definition) != (None, None, "power"):
        raise InputError(f"--preset {preset} fixes lengths, cells and the SNR; give none of them")
    if preset is not None and [*map(_range, snr_db)] != [*map(_range, DEFAULT_SNR_DB)]:
        raise InputError(f"--preset {preset} fixes the SNRs; do not give --snr-db")
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

    def _decks(self, sources: Sequence[Source], names: Sequence[str]) -> dict[str, Deck[Source]]:
        members = {name: [s for s in sources if s.row.category == name] for name in names}
        return {
            name: Deck(found, seeds.generator(self.seed, f"deck {self.split}", name))
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
        passed: list[Source] = []
        reason = ""
        for _ in range(len(clips)):
            clip = clips.deal()
            cuts, reason = self._fitting(clip, noises, snr_db=snr_db, stream=stream)
            if cuts is not None:
                clips.put_back(passed)
                return self._compose(name, cell, cuts, snr_db)
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
            for _ in range(_PLACES):
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
    deck = Deck(range(len(cells)), seeds.generator(seed, "cells", cells[0].split))
    return [cells[number] for number in sorted(deck.deal() for _ in range(count))]


def _range(level: SnrLevel) -> tuple[float, float]:
    low, high = level if isinstance(level, tuple) else (level, level)
    return float(low), float(high)


def _splits(corpus: Corpus, split: str | Sequence[str] | None) -> list[str]:
    asked = [split] if isinstance(split, str) else list(dict.fromkeys(split or SPLITS))
    for name in asked:
        if name not in SPLITS:
            raise UnknownName("split", name, SPLITS)
    held = [name for name in asked if corpus.of("clean", name) and corpus.of("noise", name)]
    missing = [name for name in asked if name not in held]
    if missing and (split is not None or not held):
        raise InputError(
            f"{corpus.root}: no clip or no noise is in the split {missing[0]!r}; fill the column "
            f"'split' of both tables, for example with `mn split {corpus.root} --in-place`; where "
            "it is filled, there are too few groups to share: add some, or change --ratios"
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
    if seconds is not None and not MIN_SECONDS <= seconds < math.inf:
        raise InputError(f"--seconds is {seconds:g}; expected {MIN_SECONDS:g} or more")
