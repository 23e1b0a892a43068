"""Name the columns of tables: what those of recipes repeat of layers, and what was measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from typing import Any

import pyarrow as pa

from mn_dataset.records import Recipe, SnrDefinition

Ratios = Mapping[SnrDefinition, float]
"""Of a layer: the ratio in dB of its input's reference to it, under each definition."""


@dataclass(frozen=True)
class Column:
    """A column of the recipe table that repeats what the layers say, for people.

    Attributes:
        name: Of the column.
        type: Of its cells.
        value: Returns the cell of a recipe.
    """

    name: str
    type: pa.DataType
    value: Callable[[Recipe], Any]


@dataclass(frozen=True)
class Measures:
    """Columns of the manifest with what was measured of the layers of a mixture.

    Attributes:
        fields: The columns; of ratios, the first is under the recipe's own definition.
        values: Returns their cells from the recipe and one entry per layer, None if not known.
    """

    fields: tuple[pa.Field, ...]
    values: Callable[[Recipe, Sequence[Any]], Mapping[str, Any]]


@dataclass(frozen=True)
class FileNames:
    """The names of a task's files, where they are the same in every recipe."""

    inputs: tuple[str, ...]
    targets: tuple[str, ...]


def label_column(name: str, cell_type: pa.DataType) -> Column:
    """Return the column of a label of recipes."""
    return Column(name, cell_type, methodcaller("label", name))


def _ratios(recipe: Recipe, ratios: Sequence[Ratios | None]) -> Mapping[str, Any]:
    cells = [None if ratio is None else ratio[recipe.snr_definition] for ratio in ratios]
    return {"ratios_db": cells}


def _gains(recipe: Recipe, gains: Sequence[float]) -> Mapping[str, Any]:
    del recipe
    return {"gains": list(gains)}


SNR_DEFINITION = Column("snr_definition", pa.string(), attrgetter("snr_definition"))
"""How the ratios of a recipe are meant."""

_NUMBERS = pa.list_(pa.field("element", pa.float64()))

RATIOS = Measures((pa.field("ratios_db", _NUMBERS),), _ratios)
"""The achieved ratio of every layer, under the recipe's definition; of the reference, None."""

GAINS = Measures((pa.field("gains", _NUMBERS),), _gains)
"""The gain of every layer, before ``mix_gain``."""
