"""Read published Parquet without `datasets` or torchcodec: rows with their audio as samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.audio import encode
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import TRIPLE
from mn_dataset.publish.schema import LABELS
from mn_dataset.publish.selection import LISTS
from mn_dataset.records import SPLITS

AUDIO = (*TRIPLE, *LISTS)
"""Columns that may hold audio."""


@dataclass(frozen=True)
class Group:
    """A row group of a shard: what is read at a time.

    Attributes:
        path: The shard.
        number: Of the row group in it.
        rows: How many rows it has.
    """

    path: Path
    number: int
    rows: int


def groups(folder: Path, split: str, *, noise_class: str | None = None) -> list[Group]:
    """Return the row groups of one split of a publication, in the order of its files.

    Args:
        folder: The publication.
        split: train, validation or test.
        noise_class: Only mixtures of this class.

    Raises:
        InputError: if there are none.
    """
    if split not in SPLITS:
        raise InputError(f"the split is {split!r}; expected one of {', '.join(SPLITS)}")
    infix = f"{noise_class}-" if noise_class else ""
    paths = sorted((folder / "data").glob(f"{split}-{infix}*.parquet"))
    if not paths:
        raise InputError(
            f"{folder}: no Parquet with audio of the split {split!r}"
            f"{f' and the class {noise_class!r}' if noise_class else ''}; expected a folder of "
            "`mn publish`, or a copy of the repository that it pushed"
        )
    found = []
    for path in paths:
        metadata = pq.read_metadata(path)
        sizes = (metadata.row_group(n).num_rows for n in range(metadata.num_row_groups))
        found += [Group(path, number, rows) for number, rows in enumerate(sizes)]
    return found


@dataclass(frozen=True)
class Loaded:
    """A row group in memory; audio is decoded when its row is asked for.

    Attributes:
        plain: Its rows without audio, classes as their names.
        cells: Its audio columns, still encoded.
    """

    plain: list[dict[str, Any]]
    cells: dict[str, pa.Array]

    def row(self, number: int) -> dict[str, Any]:
        """Return a row with its audio as int16 samples (time,), or lists of them."""
        audio = {name: _samples(column[number]) for name, column in self.cells.items()}
        return self.plain[number] | audio


def load(group: Group, *, columns: Sequence[str] | None = None) -> Loaded:
    """Read a row group.

    Args:
        group: Which.
        columns: The columns wanted, of those that are there; None for all.
    """
    with pq.ParquetFile(group.path, memory_map=True) as file:
        names = file.schema_arrow.names
        wanted = [name for name in names if columns is None or name in columns]
        table = file.read_row_group(group.number, columns=wanted, use_threads=False)
    audio = [name for name in wanted if name in AUDIO and _holds_audio(table.schema.field(name))]
    plain = table.drop_columns(audio).to_pylist()
    for name in LABELS:
        for row in plain:
            if row.get(name) is not None:
                row[name] = LABELS[name][row[name]]
    return Loaded(plain, {name: _whole(table[name]) for name in audio})


def rows(folder: Path, split: str, *, noise_class: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every row of a split in the order of the files; the arguments are ``groups``'."""
    for group in groups(folder, split, noise_class=noise_class):
        loaded = load(group)
        for number in range(group.rows):
            yield loaded.row(number)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; where it is in one already, nothing is copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _holds_audio(field: pa.Field) -> bool:
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    return bool(pa.types.is_struct(kind))


def _samples(cell: Any) -> Any:
    if isinstance(cell, pa.ListScalar):
        return [_samples(one) for one in cell.values]
    return encode.decode(cell["bytes"].as_buffer())[0]
