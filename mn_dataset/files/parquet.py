"""Read and write Parquet tables, and say what is wrong with one that cannot be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.errors import InputError
from mn_dataset.files.atomic import replacement
from mn_dataset.files.cache import keep

_CURE = "make it again"
_UNREADABLE = (OSError, pa.ArrowException)


def read_table(
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    cure: str = _CURE,
    error: type[InputError] = InputError,
) -> pa.Table:
    """Read a table.

    Args:
        path: The file.
        columns: The columns wanted; None for all.
        cure: What to do when it cannot be read.
        error: What is raised then.

    Raises:
        InputError: as ``error``, if the file is missing or damaged.
    """
    with _readable(path, cure, error):
        return pq.read_table(path, columns=None if columns is None else list(columns))


@contextmanager
def opened(
    path: Path, *, memory_map: bool = False, cure: str = _CURE, error: type[InputError] = InputError
) -> Iterator[pq.ParquetFile]:
    """Open a table to look at its schema and to read some row groups or batches of it.

    Args:
        path: The file.
        memory_map: Whether bytes are taken from the page cache as they are, without a copy.
        cure: What to do when it cannot be read.
        error: What is raised then.

    Raises:
        InputError: as ``error``, if the file is missing, or is found damaged while it is open.
    """
    with _readable(path, cure, error), pq.ParquetFile(path, memory_map=memory_map) as file:
        yield file


def read_batches(
    path: Path,
    columns: Sequence[str],
    *,
    rows: int = 8192,
    cure: str = _CURE,
    error: type[InputError] = InputError,
) -> Iterator[pa.RecordBatch]:
    """Yield a table some rows at a time: as Python's objects they are many times as large.

    Args:
        path: The file.
        columns: The columns wanted.
        rows: At a time, at most.
        cure: What to do when it cannot be read.
        error: What is raised then.

    Raises:
        InputError: as ``error``, if the file is missing or damaged.
    """
    with opened(path, cure=cure, error=error) as file:
        yield from file.iter_batches(rows, columns=list(columns), use_threads=False)


def facts(schema: pa.Schema) -> dict[str, str]:
    """Return what stands in a table's own metadata, as text.

    >>> facts(pa.schema([], metadata={"corpus": "mn"}))
    {'corpus': 'mn'}
    """
    return {key.decode(): text.decode() for key, text in (schema.metadata or {}).items()}


def write_table(
    path: Path, table: pa.Table, *, compression: str = "snappy", durable: bool = True
) -> None:
    """Write a table whole or not at all; the bytes depend on it alone.

    Args:
        path: The file; its folder is made if need be.
        table: With its metadata.
        compression: "none" for what does not pack.
        durable: Whether it is to outlive a power cut too.

    Raises:
        OutputError: if it cannot be written.
    """
    with replacement(path, durable=durable) as temporary:
        pq.write_table(table, temporary, compression=compression)


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> None:
    """Write rows as a table; see ``write_table``."""
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema))


@contextmanager
def writer(
    path: Path,
    schema: pa.Schema,
    *,
    durable: bool = True,
    options: Mapping[str, Any] | None = None,
) -> Iterator[pq.ParquetWriter]:
    """Write a table whole or not at all, some row groups at a time.

    Args:
        path: The file; its folder is made if need be.
        schema: Its columns and metadata.
        durable: Whether it is to outlive a power cut too.
        options: What pyarrow's writer takes beside them, by name.

    Raises:
        OutputError: if it cannot be written.
    """
    with (
        replacement(path, durable=durable) as temporary,
        pq.ParquetWriter(temporary, schema, **(options or {})) as file,
    ):
        yield file


def read_kept(path: Path, *, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Read a table of a cache; one that is missing or damaged is as good as none."""
    try:
        return pq.read_table(path, columns=None if columns is None else list(columns))
    except _UNREADABLE:
        return None


def keep_table(path: Path, table: pa.Table, *, compression: str = "snappy") -> None:
    """Write a table to a cache, or do not: what cannot be kept is only made again next time."""
    keep(path, lambda temporary: pq.write_table(table, temporary, compression=compression))


@contextmanager
def _readable(path: Path, cure: str, error: type[InputError]) -> Iterator[None]:
    if not path.is_file():
        raise error(f"{path}: no such file; {cure}")
    try:
        yield
    except _UNREADABLE as fault:
        reason = " ".join(str(fault).split())
        raise error(f"{path}: not readable as Parquet ({reason}); {cure}") from fault
