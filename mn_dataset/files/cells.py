"""Refuse Parquet tables whose cells are not what their columns may hold: they come from anywhere.

A column that is described by an Arrow type has cells of its kind: text, whole numbers, numbers,
lists of such, or structures with the parts that are described. None of them is empty, and numbers
are finite, where nothing else is said of the column or part. A part is named "layers.gain".
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from mn_dataset.errors import InputError


@dataclass(frozen=True)
class Limits:
    """What the cells of a column or part may be, beyond their kind.

    Attributes:
        low: The least number.
        high: The greatest number.
        empty: Whether a cell may be empty.
        undefined: Whether a number may be NaN or infinite.
    """

    low: float = -math.inf
    high: float = math.inf
    empty: bool = False
    undefined: bool = False


PLAIN = Limits()
EMPTY = Limits(empty=True)
MEASURED = Limits(empty=True, undefined=True)
"""Of a number that may be unknown, or undefined for what was measured."""


def misfit(
    table: pa.Table | pa.RecordBatch,
    columns: Iterable[pa.Field],
    limits: Mapping[str, Limits],
    *,
    first: int = 1,
) -> str | None:
    """Return what is wrong with the first column whose cells do not fit, or None.

    Args:
        table: Rows of a table, or all of them.
        columns: What is expected; of further columns only that their cells can be read.
        limits: By name of the column or part; ``PLAIN`` by default.
        first: Number of the first row, for the message.

    >>> table = pa.table({"id": ["a", None]})
    >>> misfit(table, [pa.field("id", pa.string())], {})
    "row 2: the column 'id' is empty; expected text"
    """
    columns = list(columns)
    lacking = [field.name for field in columns if field.name not in table.schema.names]
    if lacking:
        return f"lacks the columns {', '.join(lacking)}"
    for name, cells in zip(table.schema.names, table.columns, strict=True):
        try:
            cells.validate(full=True)
        except pa.ArrowInvalid as error:
            return f"the column {name!r} is damaged ({error})"
    for field in columns:
        cells = table.column(field.name)
        if isinstance(cells, pa.ChunkedArray):
            cells = cells.combine_chunks()
        fault = next(_faults(cells, field.type, field.name, limits), None)
        if fault is not None:
            row, text = fault
            where = "" if row is None else f"row {first + row}: "
            return f"{where}the column {text}"
    return None


def refuse_misfit(
    table: pa.Table | pa.RecordBatch,
    columns: Iterable[pa.Field],
    limits: Mapping[str, Limits],
    *,
    where: object,
    cure: str,
    error: type[InputError] = InputError,
    first: int = 1,
) -> None:
    """Refuse a table whose cells do not fit; see ``misfit``.

    Raises:
        InputError: as ``error``, naming file, row and column.
    """
    fault = misfit(table, columns, limits, first=first)
    if fault is not None:
        raise error(f"{where}: {fault}; {cure}")


def _faults(
    cells: pa.Array, kind: pa.DataType, name: str, limits: Mapping[str, Limits]
) -> Iterator[tuple[int | None, str]]:
    """Yield the row of a cell that does not fit, and what is wrong; None for all rows."""
    limit, expected = limits.get(name, PLAIN), _called(kind)
    if pa.types.is_null(cells.type):
        if len(cells) and not limit.empty:
            yield 0, f"{name!r} is empty; expected {expected}"
        return
    found = _called(cells.type)
    if found != expected and (found, expected) != ("whole numbers", "numbers"):
        yield None, f"{name!r} holds {cells.type}; expected {expected}"
        return
    if cells.null_count and not limit.empty:
        yield _first(pc.is_null(cells)), f"{name!r} is empty; expected {expected}"
    if pa.types.is_list(kind):
        rows = pc.list_parent_indices(cells)
        for row, text in _faults(pc.list_flatten(cells), kind.value_type, name, limits):
            yield (None if row is None else rows[row].as_py()), text
    elif pa.types.is_struct(kind):
        yield from _struct_faults(cells, kind, name, limits)
    elif expected in ("whole numbers", "numbers"):
        yield from _number_faults(cells, name, limit)


def _struct_faults(
    cells: pa.Array, kind: pa.DataType, name: str, limits: Mapping[str, Limits]
) -> Iterator[tuple[int | None, str]]:
    there = [field.name for field in cells.type]
    for field in kind:
        if there.count(field.name) != 1:
            yield None, f"{name!r} lacks {field.name}"
            return
        yield from _faults(
            pc.struct_field(cells, field.name), field.type, f"{name}.{field.name}", limits
        )


def _number_faults(cells: pa.Array, name: str, limit: Limits) -> Iterator[tuple[int | None, str]]:
    if pa.types.is_floating(cells.type) and not limit.undefined:
        wrong = pc.invert(pc.is_finite(cells))
        if pc.any(wrong).as_py():
            row = _first(wrong)
            yield row, f"{name!r} is {cells[row].as_py()}; expected a finite number"
    if (limit.low, limit.high) != (-math.inf, math.inf):
        numbers = pc.cast(cells, pa.float64(), safe=False)
        wrong = pc.or_(pc.less(numbers, limit.low), pc.greater(numbers, limit.high))
        if pc.any(wrong).as_py():
            row = _first(wrong)
            found = cells[row].as_py()
            yield row, f"{name!r} is {found}; expected {limit.low:.10g} to {limit.high:.10g}"


def _first(flags: pa.Array) -> int:
    return int(pc.index(flags, True).as_py())


def _called(kind: pa.DataType) -> str:
    """Return what cells of a type are called."""
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text"
    if pa.types.is_integer(kind):
        return "whole numbers"
    if pa.types.is_floating(kind):
        return "numbers"
    if pa.types.is_list(kind):
        return f"lists of {_called(kind.value_type)}"
    return "structures" if pa.types.is_struct(kind) else str(kind)
