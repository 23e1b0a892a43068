"""Say how a recipe stands in a table: as a row of cells, whose layers are the truth.

Of a table that is read in part, the ids and the task of all rows are looked at, everything else in
the row groups that are needed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mn_dataset.errors import RecipeError
from mn_dataset.files.cells import refuse_misfit
from mn_dataset.files.parquet import facts
from mn_dataset.mix.limits import RECIPE
from mn_dataset.records import Layer, Recipe
from mn_dataset.tasks.registry import task_of
from mn_dataset.tasks.spec import TaskSpec

Numbers = NDArray[np.int64]
"""Of rows in a table, from 0."""

TOGETHER = 8192
"""Rows in a row group, and recipes that are made of rows at once."""

_LAYER_TYPES = {
    "role": pa.string(),
    "source_id": pa.string(),
    "start": pa.int64(),
    "fade": pa.int64(),
    "gain": pa.float64(),
    "snr_db": pa.float64(),
    "response": pa.string(),
    "delay": pa.int64(),
    "input": pa.string(),
    "target": pa.string(),
}
_KEYS = ("id", "task")
_DIGITS = 16  # of a number that a name may be
_FIELDS = ("id", "task", "split", "seed", "num_samples", "sampling_rate", "layers", "targets")


def recipe_fields(task: TaskSpec) -> list[pa.Field]:
    """Return the columns of a task's recipe table."""
    layer = pa.struct([(name, _LAYER_TYPES[name]) for name in task.layer_fields])
    return [
        pa.field("id", pa.string()),
        pa.field("task", pa.string()),
        pa.field("split", pa.string()),
        pa.field("seed", pa.int64()),
        pa.field("num_samples", pa.int64()),
        pa.field("sampling_rate", pa.int32()),
        pa.field("layers", pa.list_(pa.field("element", layer))),
        pa.field("targets", pa.list_(pa.field("element", pa.string()))),
        *(pa.field(column.name, column.type) for column in task.columns),
    ]


def to_dict(recipe: Recipe, task: TaskSpec) -> dict[str, Any]:
    """Return a recipe as a row of the table: its fields and the flat view of its layers."""
    row: dict[str, Any] = {name: getattr(recipe, name) for name in _FIELDS}
    row["layers"] = [
        {name: getattr(layer, name) for name in task.layer_fields} for layer in recipe.layers
    ]
    return row | {column.name: column.value(recipe) for column in task.columns}


def from_dict(row: dict[str, Any], task: TaskSpec) -> Recipe:
    """Return the recipe of a row; its layers and labels are the truth, the rest is ignored."""
    fields = {name: row[name] for name in _FIELDS}
    fields["layers"] = tuple(
        task.complete(Layer(**{name: layer[name] for name in task.layer_fields}))
        for layer in row["layers"]
    )
    fields["targets"] = tuple(row["targets"])
    labels = tuple((facet.column, row[facet.column]) for facet in task.facets)
    return Recipe(**fields, snr_definition=row.get("snr_definition", "power"), labels=labels)


def to_batch(recipes: Sequence[Recipe], task: TaskSpec, schema: pa.Schema) -> pa.RecordBatch:
    """Return recipes as rows of the table, made column by column.

    Args:
        recipes: Some thousands, of one task.
        task: The task.
        schema: Of the table, with the columns of ``recipe_fields``.
    """
    cells: dict[str, Any] = {name: [getattr(one, name) for one in recipes] for name in _FIELDS}
    cells |= {column.name: [*map(column.value, recipes)] for column in task.columns}
    layers = [layer for recipe in recipes for layer in recipe.layers]
    kind = schema.field("layers").type
    parts = [
        pa.array([getattr(one, part.name) for one in layers], part.type) for part in kind.value_type
    ]
    ends = accumulate((len(recipe.layers) for recipe in recipes), initial=0)
    structures = pa.StructArray.from_arrays(parts, fields=list(kind.value_type))
    cells["layers"] = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), structures, type=kind)
    return pa.RecordBatch.from_pydict(cells, schema=schema)


def _consistent(
    rows: Iterable[tuple[int, dict[str, Any]]], task: TaskSpec, where: object
) -> Iterator[Recipe]:
    """Yield the recipes of rows whose columns for people say what their layers say.

    Args:
        rows: Each with its number in the table, from 1.
        task: The task.
        where: The file, for messages.

    Raises:
        RecipeError: naming file, row and column.
    """
    for number, row in rows:
        recipe = from_dict(row, task)
        for column in task.columns:
            try:
                told = column.value(recipe)
            except (LookupError, StopIteration, ValueError) as error:
                raise RecipeError(
                    f"{where}: row {number}: the layers of {recipe.id!r} do not tell its "
                    f"{column.name}; draw the recipes again"
                ) from error
            if told != row[column.name]:
                raise RecipeError(
                    f"{where}: row {number}: the column {column.name!r} of {recipe.id!r} is "
                    f"{row[column.name]!r}, its layers say {told!r}; draw the recipes again"
                )
        yield recipe


def keys_of(
    file: pq.ParquetFile, metadata: Collection[str], path: Path
) -> tuple[TaskSpec, pa.Array]:
    """Return the task of a table and all of its ids, in the order of the rows.

    Args:
        file: The table.
        metadata: What is needed in its metadata.
        path: Of the table, for messages.

    Raises:
        RecipeError: if it is no table of recipes of one task.
    """
    columns = set(file.schema_arrow.names)
    absent = sorted({*metadata, *_KEYS} - {*facts(file.schema_arrow), *columns})
    if not absent:
        keys = file.read([*_KEYS])
        _refuse_misfit(keys, [pa.field(name, pa.string()) for name in _KEYS], path)
        task = task_of(keys["task"].unique().to_pylist(), where=path, error=RecipeError)
        absent = sorted({field.name for field in recipe_fields(task)} - columns)
    if absent:
        raise RecipeError(f"{path}: lacks {', '.join(absent)}; expected a table of `mn draw`")
    return task, keys["id"].combine_chunks()


def order_of(ids: pa.Array, path: Path) -> Numbers:
    """Return the numbers of the rows in the order of their ids.

    Raises:
        RecipeError: if an id stands there twice.
    """
    if len(ids) < 2 or pc.all(pc.less(ids[:-1], ids[1:])).as_py():
        return np.arange(len(ids))
    order = pc.sort_indices(ids)
    ids = ids.take(order)
    repeated = pc.index(pc.equal(ids[:-1], ids[1:]), True).as_py()
    if repeated >= 0:
        name = ids[repeated].as_py()
        raise RecipeError(f"{path}: the recipe {name!r} stands there twice; ids are unique")
    return np.asarray(order, np.int64)


def numbers_of(names: Sequence[str], ids: pa.Array, order: Numbers) -> Numbers:
    """Return the numbers of the rows that are named by id, or by their place in the order.

    Raises:
        RecipeError: if there is no such recipe, or none is named.
    """
    if not names:
        raise RecipeError("no recipe was named; give ids or numbers, or None for all")
    found = []
    for name in names:
        place = _place(name)
        if place is None or place >= len(ids):
            place = bisect_left(order, name, key=lambda number: ids[number].as_py())
            if place == len(ids) or ids[order[place]].as_py() != name:
                raise unknown(name, ids[order[0]].as_py(), len(ids))
        found.append(order[place])
    return np.unique(np.asarray(found, np.int64))


def unknown(name: str, first: str, count: int) -> RecipeError:
    """Return the error that says that no recipe has a name."""
    return RecipeError(
        f"no recipe {name!r}; expected an id such as {first!r}, or a number from 0 to {count - 1}"
    )


def _place(name: str) -> int | None:
    """Return the number that a name is, None if it is none or has a zero before it."""
    is_number = name.isascii() and name.isdigit() and len(name) < _DIGITS
    return int(name) if is_number and str(int(name)) == name else None


def rows_of(file: pq.ParquetFile, chosen: Numbers, task: TaskSpec, path: Path) -> Iterator[Recipe]:
    """Yield the recipes of some rows, decoding the row groups that hold them alone.

    Args:
        file: The table.
        chosen: Numbers of rows, rising.
        task: The task.
        path: Of the table, for messages.

    Raises:
        RecipeError: if a cell of these row groups does not fit, or a column contradicts the layers.
    """
    fields, first = recipe_fields(task), 0
    for group in range(file.num_row_groups):
        end = first + file.metadata.row_group(group).num_rows
        own = chosen[slice(*np.searchsorted(chosen, [first, end]))]
        if len(own):
            table = file.read_row_group(group)
            _refuse_misfit(table, fields, path, first=first + 1)
            for start in range(0, len(own), TOGETHER):
                some = own[start : start + TOGETHER]
                rows = table.take(some - first).to_pylist()
                yield from _consistent(zip(some + 1, rows, strict=True), task, path)
        first = end


def _refuse_misfit(
    table: pa.Table, fields: Sequence[pa.Field], path: Path, *, first: int = 1
) -> None:
    cure = "expected a table of `mn draw`: draw the recipes again"
    refuse_misfit(table, fields, RECIPE, where=path, cure=cure, error=RecipeError, first=first)
