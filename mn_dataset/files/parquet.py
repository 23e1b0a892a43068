"""Read and write Parquet tables, and say what is wrong with one that cannot be read."""

from __future__ import annotations

import os
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
# Arrow also meets text that is no UTF-8, and counts that fit in no number.
_UNREADABLE = (OSError, pa.ArrowException, UnicodeDecodeError, OverflowError)
_REASON = 200  # characters of Arrow's own words


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
        InputError: as ``error``, if the file is missing or damaged, lacks a column or has one
            twice, or states more cells than memory holds.
    """
    with opened(path, cure=cure, error=error) as file:
        _refuse_lacking(path, file, columns or (), cure, error)
        return file.read(None if columns is None else list(columns))


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
        InputError: as ``error``, if the file is missing, is found damaged while it is open, has a
            column twice, or states more cells than memory holds.
    """
    with (
        _readable(path, cure, error),
        _source(path, memory_map) as source,
        pq.ParquetFile(source, page_checksum_verification=True) as file,
    ):
        _refuse_oversized(path, file.metadata, cure, error)
        _refuse_repeated(path, file, cure, error)
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
        _refuse_lacking(path, file, columns, cure, error)
        yield from file.iter_batches(rows, columns=list(columns), use_threads=False)


def facts(schema: pa.Schema) -> dict[str, str]:
    """Return what stands in a table's own metadata, as text; bytes that are none are escaped.

    >>> facts(pa.schema([], metadata={"corpus": "mn"}))
    {'corpus': 'mn'}
    """
    pairs = (schema.metadata or {}).items()
    return {
        key.decode(errors="backslashreplace"): text.decode(errors="backslashreplace")
        for key, text in pairs
    }


def write_table(
    path: Path,
    table: pa.Table,
    *,
    compression: str = "snappy",
    durable: bool = True,
    checksums: bool = False,
) -> None:
    """Write a table whole or not at all; the bytes depend on it alone.

    Args:
        path: The file; its folder is made if need be.
        table: With its metadata.
        compression: "none" for what does not pack.
        durable: Whether it is to outlive a power cut too.
        checksums: Whether every page has a checksum, by which a reader finds a flipped bit.

    Raises:
        OutputError: if it cannot be written.
    """
    with replacement(path, durable=durable) as temporary, temporary.open("wb") as file:
        pq.write_table(table, file, compression=compression, write_page_checksum=checksums)


def write_rows(
    path: Path, rows: Sequence[Mapping[str, Any]], schema: pa.Schema, *, checksums: bool = False
) -> None:
    """Write rows as a table; see ``write_table``."""
    write_table(path, pa.Table.from_pylist(list(rows), schema=schema), checksums=checksums)


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
        temporary.open("wb") as content,
        pq.ParquetWriter(content, schema, **(options or {})) as file,
    ):
        yield file


def read_kept(path: Path, *, columns: Sequence[str] | None = None) -> pa.Table | None:
    """Read a table of a cache; one that is missing or damaged is as good as none."""
    try:
        with _source(path, False) as source, pq.ParquetFile(source) as file:
            return file.read(None if columns is None else list(columns))
    except _UNREADABLE:
        return None


def keep_table(path: Path, table: pa.Table, *, compression: str = "snappy") -> None:
    """Write a table to a cache, or do not: what cannot be kept is only made again next time."""

    def write(temporary: Path) -> None:
        with temporary.open("wb") as file:
            pq.write_table(table, file, compression=compression)

    keep(path, write)


def _refuse_lacking(
    path: Path, file: pq.ParquetFile, columns: Sequence[str], cure: str, error: type[InputError]
) -> None:
    lacking = sorted({*columns} - {*file.schema_arrow.names})
    if lacking:
        raise error(f"{path}: lacks the columns {', '.join(lacking)}; {cure}")


def _refuse_repeated(path: Path, file: pq.ParquetFile, cure: str, error: type[InputError]) -> None:
    names = file.schema_arrow.names
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise error(f"{path}: has the column {repeated[0]!r} several times; {cure}")


def _refuse_oversized(
    path: Path, metadata: pq.FileMetaData, cure: str, error: type[InputError]
) -> None:
    """Refuse a table that states more than memory holds: a byte a cell is the least it takes."""
    stated = max(
        metadata.num_rows * metadata.num_columns,
        sum(metadata.row_group(n).total_byte_size for n in range(metadata.num_row_groups)),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if stated > memory or metadata.num_rows < 0:
        raise error(
            f"{path}: states {metadata.num_rows} rows of {metadata.num_columns} columns, "
            f"{stated / 2**30:.0f} GiB or more, and this machine has {memory / 2**30:.0f}; {cure}"
        )


def _source(path: Path, memory_map: bool) -> Any:
    """Open a file for Arrow, which takes no path that is not UTF-8."""
    return pa.memory_map(str(path)) if memory_map else pa.PythonFile(path.open("rb"), "r")


@contextmanager
def _readable(path: Path, cure: str, error: type[InputError]) -> Iterator[None]:
    if not path.is_file():
        raise error(f"{path}: no such file; {cure}")
    try:
        yield
    except _UNREADABLE as fault:
        reason = " ".join(str(fault).split())[:_REASON]
        raise error(f"{path}: not readable as Parquet ({reason}); {cure}") from fault
