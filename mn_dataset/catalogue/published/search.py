"""Search one place, a folder or an archive, for the recordings of some rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mn_dataset.catalogue.fetch.lock import Pin
from mn_dataset.catalogue.published.candidates import Candidate, survey
from mn_dataset.catalogue.published.recognise import Names, recognise
from mn_dataset.catalogue.published.settle import settle
from mn_dataset.records import ROLES
from mn_dataset.tables import Row


@dataclass
class Haul:
    """What was got hold of.

    Attributes:
        files: By the row's id.
        reasons: Why there is none, by the row's id.
        notes: What was refused on the way.
    """

    files: dict[str, Candidate] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def left(self, rows: Sequence[Row]) -> list[Row]:
        """Return the rows of which there is no file yet."""
        return [row for row in rows if row.id not in self.files]


@dataclass(frozen=True)
class Search:
    """How to search.

    Attributes:
        names: All rows of both tables, by the bare names of their files.
        corpus: The folder that is being made; not searched, and members of archives that have to
            be looked into lie in it meanwhile.
        pins: What was pinned at first use.
    """

    names: Names
    corpus: Path
    pins: Mapping[str, Pin]

    def into(self, found: Haul, place: Path, rows: Sequence[Row], *, called: str = "") -> None:
        """Add what a place has of some rows to a haul.

        Args:
            found: The haul.
            place: A folder or an archive.
            rows: What is looked for.
            called: What the place is called; its own name if empty.

        Raises:
            FetchError: if nothing but refused archives is in it.
        """
        seen = survey(place, aside=self.corpus, called=called)
        found.notes += map(str, seen.faults)
        wanted = {row.id for row in rows}
        stems = {stem for role in ROLES for stem, r in self.names[role].items() if r.id in wanted}
        claims = (c for c in recognise(seen.candidates, self.names) if c.candidate.stem in stems)
        settled = settle(claims, self.names, pins=self.pins, staging=self.corpus)
        found.files |= {name: one for name, one in settled.files.items() if name in wanted}
        found.reasons |= {name: text for name, text in settled.reasons.items() if name in wanted}
