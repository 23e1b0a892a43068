"""Draw what several tasks draw alike: splits, ratios, starts, and recordings in turn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from mn_dataset import seeds
from mn_dataset.audio.corpus import Corpus
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.records import (
    NOISE_CLASSES,
    ROLES,
    SNR_DEFINITIONS,
    SPLITS,
    TABLES,
    Recipe,
    Role,
)
from mn_dataset.tasks.spec import TaskSpec

SnrLevel = float | tuple[float, float]
"""A ratio in dB, or a range to draw from uniformly."""

MIN_SECONDS = 0.1
_PAIRED: dict[Role, set[Role]] = {role: {*ROLES} for role in ROLES}
_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: a Weyl sequence with even gaps


class Starts:
    """Where in a recording the next layer begins: a recording is covered evenly.

    Args:
        seed: Of every choice.
        split: Of the mixtures.
    """

    def __init__(self, seed: int, split: str) -> None:
        self._seed, self._split = seed, split
        self._firsts, self._turns = dict[str, int](), dict[str, int]()

    def next(self, source_id: str, bound: int) -> int:
        """Return the next of a low-discrepancy sequence in [0, bound)."""
        turn = self._turns.get(source_id, 0)
        self._turns[source_id] = turn + 1
        if not turn:
            stream = seeds.generator(self._seed, f"start {self._split}", source_id)
            self._firsts[source_id] = int(stream.words(1)[0])
        return ((self._firsts[source_id] + turn * _GOLDEN) % 2**64 * bound) >> 64


def tables_for(
    task: TaskSpec, corpus: Corpus, options: Mapping[str, Any] = MappingProxyType({})
) -> tuple[Role, ...]:
    """Return the tables that a task draws from, that of its first role first.

    Args:
        task: The task.
        corpus: The corpus.
        options: Of the drawing.
    """
    if task.tables is not None:
        return tuple(task.tables(corpus, options))
    return tuple(dict.fromkeys(role.table for role in task.roles))


def part_for(
    task: TaskSpec, corpus: Corpus, options: Mapping[str, Any] = MappingProxyType({})
) -> Corpus:
    """Return the tables of a corpus that a task draws from: the others are none of its business.

    The corpus hash of recipes is that of this part, so a table of stems changes nothing about
    mixtures of clips and noises. Those two tables are one pair: who uses one has both.
    """
    return _part(corpus, tables_for(task, corpus, options))


def part_of(recipes: Iterable[Recipe], corpus: Corpus) -> Corpus:
    """Return the tables of a corpus that the recordings of recipes are in, as ``part_for`` does."""
    names = {layer.source_id for recipe in recipes for layer in recipe.layers}
    return _part(corpus, [corpus.sources[name].role for name in names if name in corpus.sources])


def _part(corpus: Corpus, tables: Iterable[Role]) -> Corpus:
    used = set(tables)
    return corpus.of_tables([table for table in TABLES if used & _PAIRED.get(table, {table})])


def bounds(level: SnrLevel) -> tuple[float, float]:
    """Return the lowest and the highest ratio of a level.

    >>> bounds(5), bounds((2, 20))
    ((5.0, 5.0), (2.0, 20.0))
    """
    low, high = level if isinstance(level, tuple) else (level, level)
    return float(low), float(high)


def drawn_db(level: SnrLevel, stream: seeds.Stream) -> float:
    """Draw a ratio of a level, on a grid of 0.01 dB within a range."""
    low, high = bounds(level)
    return low if low == high else round(stream.uniform(low, high), 2)


def splits_of(
    corpus: Corpus, split: str | Sequence[str] | None, tables: Sequence[Role]
) -> list[str]:
    """Return the splits to draw.

    Args:
        corpus: The corpus.
        split: One split, several, or None for every one that the corpus has.
        tables: Those in which a split needs a recording.

    Raises:
        UnknownName: if there is no such split.
        InputError: if a table has no recording in a split that was named, or in any.
    """
    names = [split] if isinstance(split, str) else list(dict.fromkeys(split or SPLITS))
    for name in names:
        if name not in SPLITS:
            raise UnknownName("split", name, SPLITS)
    filled = [name for name in names if all(corpus.of(table, name) for table in tables)]
    empty = [name for name in names if name not in filled]
    if empty and (split is not None or not filled):
        kinds = " or ".join(f"no {'clip' if table == 'clean' else table}" for table in tables)
        raise InputError(
            f"{corpus.root}: {kinds} is in the split {empty[0]!r}; fill the column 'split' of the "
            f"tables, for example with `mn split {corpus.root}`; where it is filled, there are too "
            "few groups to share: add some, or change the ratios"
        )
    return filled


def refuse_levels(snr_db: Sequence[SnrLevel], definition: str) -> None:
    """Refuse ratios that cannot be meant.

    Raises:
        UnknownName: if there is no such definition.
        InputError: if a ratio is no finite number, or stands there twice.
    """
    if definition not in SNR_DEFINITIONS:
        raise UnknownName("SNR definition", definition, SNR_DEFINITIONS)
    ends = [end for level in snr_db for end in bounds(level)]
    if not ends or not all(map(math.isfinite, ends)):
        raise InputError(f"snr_db is {list(snr_db)}; expected finite numbers of dB")
    if len(set(map(bounds, snr_db))) != len(snr_db):
        raise InputError(f"snr_db is {list(snr_db)}, which repeats itself; name each level once")


def refuse_amounts(per_cell: int | None, count: int | None, seconds: float | None) -> None:
    """Refuse numbers of mixtures, or a length of theirs, that cannot be meant.

    Raises:
        InputError: naming the parameter.
    """
    if per_cell is not None and count is not None:
        raise InputError("per_cell and count exclude each other; give one")
    for name, amount in (("per_cell", per_cell), ("count", count)):
        if amount is not None and amount < 1:
            raise InputError(f"{name} is {amount}; expected 1 or more")
    if seconds is not None and not MIN_SECONDS <= seconds < math.inf:
        raise InputError(f"seconds is {seconds:g}; expected {MIN_SECONDS:g} or more")


def by_class(share: float | Mapping[str, float], *, name: str) -> dict[str, float]:
    """Return a share of every noise class, of those that have one.

    Args:
        share: One of all classes, or by class.
        name: Of the parameter, for the message.

    Raises:
        UnknownName: if there is no such class.
        InputError: if a share is none.

    >>> by_class({"crowd": 0.5, "weather": 0}, name="generated")
    {'crowd': 0.5}
    """
    shares: Mapping[str, float]
    shares = share if isinstance(share, Mapping) else dict.fromkeys(NOISE_CLASSES, share)
    for noise_class, one in shares.items():
        if noise_class not in NOISE_CLASSES:
            raise UnknownName("noise class", noise_class, NOISE_CLASSES)
        refuse_share(one, name=name)
    return {noise_class: float(one) for noise_class, one in shares.items() if one}


def refuse_share(share: float, *, name: str) -> None:
    """Refuse what is no share.

    Raises:
        InputError: naming the parameter.
    """
    if not isinstance(share, (int, float)) or not 0.0 <= share <= 1.0:
        raise InputError(f"{name} is {share!r}; expected a share from 0 to 1")
