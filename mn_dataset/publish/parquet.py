"""Write shards as Parquet with the audio inside, and read them back as samples.

pyarrow writes, from the schema that `datasets` gives, so that no cell passes through
`Audio.encode_example`, which needs torchcodec; and every cell has its bytes, which
`Dataset.to_parquet` leaves null where it was given paths (datasets issue 6923). Audio is neither
compressed again nor cut into pages by its content: its bytes stand in the file as they are, and the
Hub's storage cuts those by their content itself. The same rows give the same bytes every time.

Reading needs neither `datasets` nor torchcodec.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mn_dataset.audio import codec
from mn_dataset.errors import InputError
from mn_dataset.files import parquet
from mn_dataset.publish.encoded import EncodedFile, Encoder
from mn_dataset.publish.schema import class_names, numbered
from mn_dataset.publish.selection import Row
from mn_dataset.publish.shards import DATA, Shard
from mn_dataset.records import SPLITS

_CURE = "publish the dataset again, or copy the repository again"


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


@dataclass(frozen=True)
class LoadedGroup:
    """A row group in memory; audio is decoded when its row is asked for.

    Attributes:
        plain: Its rows without audio, classes as their names.
        encoded: Its audio columns, still encoded.
    """

    plain: list[dict[str, Any]]
    encoded: dict[str, pa.Array]

    def row(self, number: int) -> dict[str, Any]:
        """Return a row with its audio as int16 samples (time,), or lists of them."""
        audio = {name: _decoded(column[number]) for name, column in self.encoded.items()}
        return self.plain[number] | audio


def write_shard(path: Path, shard: Shard, *, schema: pa.Schema, encoder: Encoder) -> None:
    """Write a shard, whole or not at all.

    Args:
        path: The file.
        shard: Its rows.
        schema: Its columns.
        encoder: Gives the audio.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if the file cannot be written.
    """
    leaves = {field.name: list(_leaves(field.name, field.type)) for field in schema}
    plain = [leaf for name in leaves if name not in encoder.columns for leaf in leaves[name]]
    embedded = [leaf for name in leaves if name in encoder.columns for leaf in leaves[name]]
    options = {
        "compression": dict.fromkeys(plain, "snappy") | dict.fromkeys(embedded, "none"),
        "use_dictionary": plain,
        "write_statistics": plain,  # the least of all FLAC files tells nobody anything
        "column_encoding": dict.fromkeys(embedded, "PLAIN"),
        "write_page_index": True,
    }
    with parquet.writer(path, schema, durable=False, options=options) as writer:
        for table in _tables(shard, schema, encoder):
            writer.write_table(table, row_group_size=len(table))


def groups(folder: Path, split: str, *, noise_class: str | None = None) -> list[Group]:
    """Return the row groups of one split of a publication, in the order of its files.

    Args:
        folder: The publication.
        split: train, validation or test.
        noise_class: Only mixtures of this class.

    Raises:
        InputError: if there are none, or a file is damaged.
    """
    if split not in SPLITS:
        raise InputError(f"the split is {split!r}; expected one of {', '.join(SPLITS)}")
    infix = f"{noise_class}-" if noise_class else ""
    paths = sorted((folder / DATA).glob(f"{split}-{infix}*.parquet"))
    if not paths:
        raise InputError(
            f"{folder}: no Parquet with audio of the split {split!r}"
            f"{f' and the class {noise_class!r}' if noise_class else ''}; expected a folder of "
            "`mn publish`, or a copy of the repository that it pushed"
        )
    row_groups = []
    for path in paths:
        with parquet.opened(path, cure=_CURE) as file:
            counts = (file.metadata.row_group(n).num_rows for n in range(file.num_row_groups))
            row_groups += [Group(path, number, rows) for number, rows in enumerate(counts)]
    return row_groups


def load(group: Group, *, columns: Sequence[str] | None = None) -> LoadedGroup:
    """Read a row group.

    Args:
        group: Which.
        columns: The columns wanted, of those that are there; None for all.

    Raises:
        InputError: if the file is missing or damaged.
    """
    with parquet.opened(group.path, memory_map=True, cure=_CURE) as file:
        names = file.schema_arrow.names
        read = [name for name in names if columns is None or name in columns]
        table = file.read_row_group(group.number, columns=read, use_threads=False)
    audio = [name for name in read if _holds_audio(table.schema.field(name))]
    plain = table.drop_columns(audio).to_pylist()
    for name, labels in class_names(table.schema).items():
        for row in plain:
            if row.get(name) is not None:
                row[name] = labels[row[name]]
    return LoadedGroup(plain, {name: _in_one_piece(table[name]) for name in audio})


def rows(folder: Path, split: str, *, noise_class: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield every row of a split in the order of the files; the arguments are ``groups``'."""
    for group in groups(folder, split, noise_class=noise_class):
        loaded = load(group)
        for number in range(group.rows):
            yield loaded.row(number)


def _tables(shard: Shard, schema: pa.Schema, encoder: Encoder) -> Iterator[pa.Table]:
    """Yield the row groups; each is made while the one before is being written."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(_table, shard.groups[0], schema, encoder)
        for group in shard.groups[1:]:
            ready, coming = coming, pool.submit(_table, group, schema, encoder)
            yield ready.result()
        yield coming.result()


def _table(group: Sequence[Row], schema: pa.Schema, encoder: Encoder) -> pa.Table:
    classes = class_names(schema)
    plain = [numbered(row, classes) for row in group]
    columns = []
    for field in schema:
        if field.name in encoder.columns:
            files = [encoder.files(row, field.name) for row in group]
            columns.append(_audio(files, field.type))
        else:
            columns.append(pa.array([row.get(field.name) for row in plain], type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _audio(files: Sequence[Sequence[EncodedFile]], kind: pa.DataType) -> pa.Array:
    """Return an audio column of the files of each row."""
    listed = pa.types.is_list(kind)
    struct = kind.value_type if listed else kind
    flat = [file for row in files for file in row]
    values = {
        "bytes": _binary([file.content for file in flat]),
        "path": pa.array([file.name for file in flat], type=pa.string()),
    }
    structs = pa.StructArray.from_arrays([values[field.name] for field in struct], fields=struct)
    if not listed:
        return structs
    offsets = [0]
    for row in files:
        offsets.append(offsets[-1] + len(row))
    return pa.ListArray.from_arrays(pa.array(offsets, type=pa.int32()), structs, type=kind)


def _binary(contents: Sequence[bytes | memoryview]) -> pa.Array:
    """Return binary cells, each copied once to where Parquet takes it from."""
    ends = np.cumsum([0, *map(len, contents)])
    buffer = pa.allocate_buffer(int(ends[-1]))  # of Arrow's pool, whose pages are used again
    data = np.frombuffer(buffer, np.uint8)
    for content, first, last in zip(contents, ends, ends[1:], strict=False):
        data[first:last] = np.frombuffer(content, np.uint8)
    offsets = pa.py_buffer(ends.astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(contents), [None, offsets, buffer], null_count=0)


def _leaves(path: str, kind: pa.DataType) -> Iterator[str]:
    """Yield a column's leaves by Parquet's own paths, which options are matched against."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Return a column in one piece; where it is in one already, nothing is copied."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _holds_audio(field: pa.Field) -> bool:
    kind = field.type.value_type if pa.types.is_list(field.type) else field.type
    return pa.types.is_struct(kind) and {part.name for part in kind} == {"bytes", "path"}


def _decoded(cell: Any) -> Any:
    if isinstance(cell, pa.ListScalar):
        return [_decoded(one) for one in cell.values]
    return codec.decode(cell["bytes"].as_buffer())[0]
