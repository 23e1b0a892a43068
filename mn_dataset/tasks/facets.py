"""Name the sides of the cells that mixtures are counted and scored in, and what mixtures share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mn_dataset.records import Label

MOST_LABELS = 12
"""More distinct numbers were drawn from a range."""

STEP = 5.0
"""In which these are told."""


@dataclass(frozen=True)
class Facet:
    """One side of the cells that mixtures are counted and scored in.

    Attributes:
        column: Of the recipe table.
        title: What it is called, such as "noise class".
        plural: The same of several.
        labels: The labels that exist, in the order for people; () if they are not known before.
        numeric: Whether it is a number, such as a ratio in dB; drawn from a range it is shown in
            steps.
        header: What heads its column where there is little room; the title by default.
    """

    column: str
    title: str
    plural: str
    labels: tuple[str, ...] = ()
    numeric: bool = False
    header: str = ""

    @property
    def short(self) -> str:
        """What heads its column where there is little room."""
        return self.header or self.title

    def names(self, labels: Sequence[Label]) -> list[str]:
        """Return labels as words; too many numbers for a grid are told by the step they are in.

        >>> Facet("snr_db", "SNR", "SNRs", numeric=True).names([-5.0, 2.5])
        ['-5', '2.5']
        >>> Facet("snr_db", "SNR", "SNRs", numeric=True).names([n / 2 for n in range(20)])[::19]
        ['0..5', '5..10']
        """
        if not self.numeric:
            return [str(label) for label in labels]
        numbers = [float(label) for label in labels]
        if len(set(numbers)) <= MOST_LABELS:
            return [f"{number:g}" for number in numbers]
        lows = [math.floor(number / STEP) * STEP for number in numbers]
        return [f"{low:g}..{low + STEP:g}" for low in lows]

    def ordered(self, names: Iterable[str]) -> list[str]:
        """Return distinct names in the order for people: the known labels first, or by number."""
        order = {label: number for number, label in enumerate(self.labels)}
        if self.numeric:
            return sorted(set(names), key=lambda name: float(name.partition("..")[0]))
        return sorted(set(names), key=lambda name: (order.get(name, len(order)), name))


@dataclass(frozen=True)
class Axis:
    """A kind of recordings that mixtures share, so that their scores are not independent.

    Attributes:
        title: What one is called, such as "clean recording".
        plural: The same of several.
        column: Of the recipe table, with the id of a source; "" if the task has no such kind.
    """

    title: str
    plural: str
    column: str


def named(facets: Sequence[Facet]) -> tuple[Facet, ...]:
    """Return the facets that are no numbers, in the order of a table's rows and columns."""
    return tuple(facet for facet in reversed(facets) if not facet.numeric)


def numeric(facets: Sequence[Facet]) -> Facet | None:
    """Return the first facet that is a number, None if there is none."""
    return next((facet for facet in facets if facet.numeric), None)
