"""Tell of every known corpus what it holds, what it lacks, and how much of it is here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mn_dataset import tables
from mn_dataset.catalogue.coverage import Cell, Hole, coverage, describe, uncovered
from mn_dataset.catalogue.known import CorpusSpec, find, names
from mn_dataset.records import ROLES, SPLITS


@dataclass(frozen=True)
class Overview:
    """What is known of one corpus.

    Attributes:
        name: Its name.
        description: What it is.
        home: Where it comes from.
        folder: Where it stands, or would.
        num_rows: Recordings that its tables name.
        duration_s: Their stated length together.
        here: How many of their files stand in the folder.
        has_tables: Whether the folder has its tables, so that it can be used.
        cells: What it holds.
        holes: What it does not cover.
    """

    name: str
    description: str
    home: str
    folder: Path
    num_rows: int
    duration_s: float
    here: int
    has_tables: bool
    cells: tuple[Cell, ...]
    holes: tuple[Hole, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return vars(self) | {
            "folder": str(self.folder),
            "cells": [vars(cell) for cell in self.cells],
            "holes": [vars(hole) for hole in self.holes],
        }

    def lines(self) -> list[str]:
        """Say it to a person."""
        state = "" if self.has_tables else f"; get it with `mn fetch {self.name}`"
        return [
            f"{self.name}: {self.description} ({self.home})",
            f"  {self.num_rows} recordings, {self.duration_s / 3600:.2f} h; "
            f"{self.here} of them in {self.folder}{state}",
            *(f"  {line}" for line in _columns(self.cells)),
            f"  {describe(self.holes) or 'every category is covered in every split'}",
        ]


def survey(root: Path) -> list[Overview]:
    """Return an overview of every known corpus.

    Args:
        root: Folder of the corpora.
    """
    return [_overview(find(name), root / name) for name in names()]


def _overview(spec: CorpusSpec, folder: Path) -> Overview:
    rows = spec.rows()
    every = [row for role in ROLES for row in rows[role]]
    cells = coverage(rows)
    return Overview(
        name=spec.name,
        description=spec.description,
        home=spec.home,
        folder=folder,
        num_rows=len(every),
        duration_s=sum(cell.duration_s for cell in cells),
        here=sum((folder / row.file).is_file() for row in every),
        has_tables=all(tables.table_path(folder, role).is_file() for role in ROLES),
        cells=tuple(cells),
        holes=tuple(uncovered(rows)),
    )


def _columns(cells: tuple[Cell, ...]) -> Iterator[str]:
    """Lay the cells out in columns; the one for rows without a split only where there are any."""
    splits = [*SPLITS, *([""] if any(cell.counts[""] for cell in cells) else [])]
    table = [["category", "licence", *(split or "no split" for split in splits), "minutes"]]
    for cell in cells:
        counts = [str(cell.counts[split] or "-") for split in splits]
        minutes = f"{cell.duration_s / 60:.1f}"
        table.append([cell.category, cell.license or "unknown", *counts, minutes])
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, license_id, *numbers in table:
        figures = zip(numbers, widths[2:], strict=True)
        yield "  ".join(
            [name.ljust(widths[0]), license_id.ljust(widths[1]), *(n.rjust(w) for n, w in figures)]
        )
