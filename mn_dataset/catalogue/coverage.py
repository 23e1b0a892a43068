"""Count what a corpus covers, per category, split and licence, and tell what it does not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from mn_dataset.catalogue.shelf import Rows
from mn_dataset.records import ROLES, SPLITS, SYNTHETIC, Role
from mn_dataset.tables import CATEGORIES


@dataclass(frozen=True)
class Cell:
    """What a corpus has of one category under one licence.

    Attributes:
        role: "clean" or "noise".
        category: The music category or noise class.
        license: As the rows state it; empty when unknown.
        counts: Recordings by split, in the order of ``SPLITS``; "" counts those without one.
        duration_s: Their stated length together.
    """

    role: Role
    category: str
    license: str
    counts: dict[str, int]
    duration_s: float


@dataclass(frozen=True)
class Hole:
    """A category that a corpus does not cover, or not in every split.

    Attributes:
        role: "clean" or "noise".
        category: The music category or noise class.
        splits: The splits without a recording.
    """

    role: Role
    category: str
    splits: tuple[str, ...]

    def __str__(self) -> str:
        """Name the category, and the splits when it is not all of them."""
        lacks = "" if self.splits == SPLITS else f" ({', '.join(self.splits)})"
        return self.category + lacks


def coverage(rows: Rows) -> list[Cell]:
    """Count the recordings per category, licence and split, in the order of the schema."""
    counts: dict[tuple[Role, str, str], dict[str, int]] = {}
    seconds: dict[tuple[Role, str, str], float] = defaultdict(float)
    for role in ROLES:
        for row in rows[role]:
            key = role, row.category, row.license
            counts.setdefault(key, dict.fromkeys((*SPLITS, ""), 0))[row.split] += 1
            seconds[key] += float(row.duration_s or 0)
    order = {(role, name): n for role in ROLES for n, name in enumerate(CATEGORIES[role])}
    keys = sorted(counts, key=lambda key: (ROLES.index(key[0]), order[key[:2]], key[2]))
    return [Cell(*key, counts[key], seconds[key]) for key in keys]


def uncovered(rows: Rows) -> list[Hole]:
    """Return the categories and splits of which the corpus has no recording.

    What is marked as synthetic is no recording. A recording without a split may come to stand in
    any, so its category has no hole.
    """
    held = {
        (role, row.category, row.split)
        for role in ROLES
        for row in rows[role]
        if dict(row.further).get("origin") != SYNTHETIC
    }
    holes = []
    for role in ROLES:
        for category in CATEGORIES[role]:
            lacks = tuple(split for split in SPLITS if (role, category, split) not in held)
            if lacks and (role, category, "") not in held:
                holes.append(Hole(role, category, lacks))
    return holes


def describe(holes: Sequence[Hole]) -> str:
    """Say what is not covered in one line; empty when nothing is.

    >>> describe([Hole("clean", "harp", SPLITS), Hole("clean", "drum_kit", ("test",))])
    'not covered by recordings: harp, drum_kit (test)'
    """
    whole = [str(hole) for hole in holes if hole.splits == SPLITS]
    partly = [str(hole) for hole in holes if hole.splits != SPLITS]
    if len(whole) == sum(map(len, CATEGORIES.values())):
        return "no category is covered by a recording"
    return f"not covered by recordings: {', '.join(whole + partly)}" if holes else ""
