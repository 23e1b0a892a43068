"""Keep the table of docs/robustness.md: what was tried on purpose, and what came of it.

The tests of `make stress` call ``record``; each row replaces the one of the same input and damage
between `<!-- tried -->` and `<!-- end of tried -->`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from damage import is_refused

from mn_dataset.files.atomic import write_text
from mn_dataset.markdown import markdown_table

PAGE = Path(__file__).parents[1] / "docs" / "robustness.md"
BEGIN, END = "<!-- tried -->", "<!-- end of tried -->"
COLUMNS = ("input", "damage", "number", "seeds", "refused", "read", "longest, processor s")
ENGINES = {"atheris": "bred by what it reaches", "seeded": "drawn from the seed alone"}
WORDS = ("input", "damage", "seeds")


@dataclass
class Trials:
    """What was tried on one kind of input.

    Attributes:
        input: The kind.
        damage: How it was damaged.
        seeds: What the damage was drawn from.
        number: How many inputs.
        refused: How many ended in an error of the toolkit in every use.
        longest_s: The slowest, in seconds of the processor.
    """

    input: str
    damage: str
    seeds: str
    number: int = field(default=0, kw_only=True)
    refused: int = field(default=0, kw_only=True)
    longest_s: float = field(default=0.0, kw_only=True)

    def attempt(self, *uses: Callable[[], object]) -> None:
        """Use one input in several ways, and count it; what is no error of the toolkit passes."""
        begun = time.process_time()
        self.refused += is_refused(*uses)
        self.number += 1
        self.longest_s = max(self.longest_s, time.process_time() - begun)

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        counts = (self.number, self.refused, self.number - self.refused)
        number, refused, read = (f"{count:,}" for count in counts)
        return self.input, self.damage, number, self.seeds, refused, read, f"{self.longest_s:.2f}"


def record(trials: Trials, *, page: Path = PAGE) -> None:
    """Put a row into the page."""
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    table, after = rest.split(END)
    rows = {row[:2]: row for row in (*_rows(table), trials.row())}
    new = markdown_table(COLUMNS, [rows[key] for key in sorted(rows)], words=WORDS)
    write_text(page, f"{before}{BEGIN}\n\n{new}\n\n{END}{after}")


def record_fuzzing(told: Mapping[str, Any], *, page: Path = PAGE) -> None:
    """Put what `perf/fuzz.py` says at its end into the page."""
    counts = {"number": told["inputs"], "refused": told["refused"]}
    kind, how = f"fuzzed: {told['target']}", ENGINES[told["engine"]]
    record(Trials(kind, how, str(told["seed"]), **counts, longest_s=told["longest_s"]), page=page)


def _rows(table: str) -> Iterable[tuple[str, ...]]:
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
