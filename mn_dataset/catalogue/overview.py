"""Count what every known corpus holds per category, split and licence, and what it lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mn_dataset import tables
from mn_dataset.catalogue.registry import CorpusSpec, find, names
from mn_dataset.records import ROLES, SPLITS, SYNTHETIC, TABLES, Role
from mn_dataset.tables import CATEGORIES, Rows


@dataclass(frozen=True)
class CoverageCell:
    """Recordings of one category under one licence.

    Attributes:
        role: "clean", "noise" or "stem".
        category: The music category, the noise class, or the stem's name.
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


def coverage(rows: Rows) -> list[CoverageCell]:
    """Count the recordings per category, licence and split, in the order of the schema.

    Stems have no order in the schema, and come by their names.
    """
    counts: dict[tuple[Role, str, str], dict[str, int]] = {}
    seconds: dict[tuple[Role, str, str], float] = defaultdict(float)
    for role in rows:
        for row in rows[role]:
            key = role, row.category, row.license
            counts.setdefault(key, dict.fromkeys((*SPLITS, ""), 0))[row.split] += 1
            seconds[key] += float(row.duration_s or 0)
    order = {(role, name): n for role in ROLES for n, name in enumerate(CATEGORIES[role])}
    keys = sorted(counts, key=lambda key: (TABLES.index(key[0]), order.get(key[:2], 0), *key[1:]))
    return [CoverageCell(*key, counts[key], seconds[key]) for key in keys]


def uncovered(rows: Rows) -> list[Hole]:
    """Return the categories and splits of which the corpus has no recording.

    What is marked as synthetic is no recording. A recording without a split may come to stand in
    any, so its category has no hole.
    """
    covered = {
        (role, row.category, row.split)
        for role in ROLES
        for row in rows[role]
        if dict(row.further).get("origin") != SYNTHETIC
    }
    holes = []
    for role in ROLES:
        for category in CATEGORIES[role]:
            lacks = tuple(split for split in SPLITS if (role, category, split) not in covered)
            if lacks and (role, category, "") not in covered:
                holes.append(Hole(role, category, lacks))
    return holes


def describe(holes: Sequence[Hole]) -> str:
    """Describe what is not covered in one line; empty when nothing is.

    >>> describe([Hole("clean", "harp", SPLITS), Hole("clean", "drum_kit", ("test",))])
    'not covered by recordings: harp, drum_kit (test)'
    """
    entirely = [str(hole) for hole in holes if hole.splits == SPLITS]
    partly = [str(hole) for hole in holes if hole.splits != SPLITS]
    if len(entirely) == sum(map(len, CATEGORIES.values())):
        return "no category is covered by a recording"
    return f"not covered by recordings: {', '.join(entirely + partly)}" if holes else ""


@dataclass(frozen=True)
class Overview:
    """What one corpus holds, and how much of it is in a folder.

    Attributes:
        name: Its name.
        description: What it is.
        home: Where it comes from.
        folder: Where it is, or would be.
        num_rows: Recordings that its tables name.
        duration_s: Their stated length together.
        here: How many of their files are in the folder.
        has_tables: Whether the folder has its tables, so that it can be used.
        cells: What it holds.
        holes: What it does not cover; of a corpus of stems alone nothing.
    """

    name: str
    description: str
    home: str
    folder: Path
    num_rows: int
    duration_s: float
    here: int
    has_tables: bool
    cells: tuple[CoverageCell, ...]
    holes: tuple[Hole, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return vars(self) | {
            "folder": str(self.folder),
            "cells": [vars(cell) for cell in self.cells],
            "holes": [vars(hole) for hole in self.holes],
        }

    def lines(self) -> list[str]:
        """Describe it to a person."""
        state = "" if self.has_tables else f"; get it with `mn fetch {self.name}`"
        covered = describe(self.holes) or "every category is covered in every split"
        has_categories = any(cell.role in ROLES for cell in self.cells)
        return [
            f"{self.name}: {self.description} ({self.home})",
            f"  {self.num_rows} recordings, {self.duration_s / 3600:.2f} h; "
            f"{self.here} of them in {self.folder}{state}",
            *(f"  {line}" for line in _columns(self.cells)),
            *([f"  {covered}"] if has_categories else []),
        ]


def survey(root: Path) -> list[Overview]:
    """Return an overview of every known corpus.

    Args:
        root: Folder of the corpora.
    """
    return [_overview(find(name), root / name) for name in names()]


def _overview(spec: CorpusSpec, folder: Path) -> Overview:
    rows = spec.rows()
    all_rows = [row for role in rows for row in rows[role]]
    cells = coverage(rows)
    return Overview(
        name=spec.name,
        description=spec.description,
        home=spec.home,
        folder=folder,
        num_rows=len(all_rows),
        duration_s=sum(cell.duration_s for cell in cells),
        here=sum((folder / row.file).is_file() for row in all_rows),
        has_tables=all(tables.table_path(folder, role).is_file() for role in rows if rows[role]),
        cells=tuple(cells),
        holes=tuple(uncovered(rows)) if any(rows[role] for role in ROLES) else (),
    )


def _columns(cells: tuple[CoverageCell, ...]) -> Iterator[str]:
    """Lay the cells out in columns; the one for rows without a split only where there are any."""
    splits = [*SPLITS, *([""] if any(cell.counts[""] for cell in cells) else [])]
    table = [["category", "licence", *(split or "no split" for split in splits), "minutes"]]
    for cell in cells:
        counts = [str(cell.counts[split] or "-") for split in splits]
        minutes = f"{cell.duration_s / 60:.1f}"
        name = f"stem {cell.category}" if cell.role == "stem" else cell.category
        table.append([name, cell.license or "unknown", *counts, minutes])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, license_id, *numbers in table:
        figures = zip(numbers, widths[2:], strict=True)
        yield "  ".join(
            [name.ljust(widths[0]), license_id.ljust(widths[1]), *(n.rjust(w) for n, w in figures)]
        )
