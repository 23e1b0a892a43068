"""Write a shard as Parquet with the audio inside, the same bytes every time.

pyarrow writes, from the schema that `datasets` gives, so that no cell passes through
`Audio.encode_example`, which needs torchcodec; and every cell has its bytes, which
`Dataset.to_parquet` leaves null where it was given paths (datasets issue 6923). Audio is neither
compressed again nor cut into pages by its content: its bytes stand in the file as they are, and the
Hub's storage cuts those by their content itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.publish.encoded import Cell, cells
from mn_dataset.publish.schema import numbered
from mn_dataset.publish.selection import Row
from mn_dataset.publish.shards import Shard
from mn_dataset.whole import whole


def write_shard(
    path: Path,
    shard: Shard,
    *,
    schema: pa.Schema,
    audio: Sequence[str],
    folder: Path,
    audio_format: str,
) -> None:
    """Write a shard, whole or not at all.

    Args:
        path: The file.
        shard: Its rows.
        schema: Its columns.
        audio: Those that hold audio; none for recipes.
        folder: The dataset that the audio is read from.
        audio_format: "flac" or "wav".

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if the file cannot be written.
    """
    leaves = {field.name: list(_leaves(field.name, field.type)) for field in schema}
    plain = [leaf for name in leaves if name not in audio for leaf in leaves[name]]
    embedded = [leaf for name in leaves if name in audio for leaf in leaves[name]]
    with (
        whole(path) as temporary,
        pq.ParquetWriter(
            temporary,
            schema,
            compression=dict.fromkeys(plain, "snappy") | dict.fromkeys(embedded, "none"),
            use_dictionary=plain,
            write_statistics=plain,  # the least of all FLAC files tells nobody anything
            column_encoding=dict.fromkeys(embedded, "PLAIN"),
            write_page_index=True,
        ) as writer,
    ):
        for table in _ahead(
            lambda rows: _table(rows, schema, audio, folder, audio_format), shard.groups
        ):
            writer.write_table(table, row_group_size=len(table))


def _ahead(
    make: Callable[[Sequence[Row]], pa.Table], groups: Sequence[Sequence[Row]]
) -> Iterator[pa.Table]:
    """Make each table while the one before is being written."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        coming = pool.submit(make, groups[0])
        for group in groups[1:]:
            ready, coming = coming, pool.submit(make, group)
            yield ready.result()
        yield coming.result()


def _table(
    rows: Sequence[Row], schema: pa.Schema, audio: Sequence[str], folder: Path, audio_format: str
) -> pa.Table:
    plain = [numbered(row) for row in rows]
    columns = []
    for field in schema:
        if field.name in audio:
            found = [cells(folder, row, field.name, audio_format=audio_format) for row in rows]
            columns.append(_audio(found, field.type))
        else:
            values = [row.get(field.name) for row in plain]
            columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _audio(found: Sequence[list[Cell]], kind: pa.DataType) -> pa.Array:
    listed = pa.types.is_list(kind)
    struct = kind.value_type if listed else kind
    flat = [cell for row in found for cell in row]
    values = {
        "bytes": _joined([cell.content for cell in flat]),
        "path": pa.array([cell.name for cell in flat], type=pa.string()),
    }
    structs = pa.StructArray.from_arrays([values[field.name] for field in struct], fields=struct)
    if not listed:
        return structs
    offsets = [0]
    for row in found:
        offsets.append(offsets[-1] + len(row))
    return pa.ListArray.from_arrays(pa.array(offsets, type=pa.int32()), structs, type=kind)


def _joined(contents: Sequence[bytes | memoryview]) -> pa.Array:
    """Return binary cells, each copied once to where Parquet takes it from."""
    ends = np.cumsum([0, *map(len, contents)])
    held = pa.allocate_buffer(int(ends[-1]))  # of Arrow's pool, whose pages are used again
    data = np.frombuffer(held, np.uint8)
    for content, first, last in zip(contents, ends, ends[1:], strict=False):
        data[first:last] = np.frombuffer(content, np.uint8)
    offsets = pa.py_buffer(ends.astype(np.int32))
    return pa.Array.from_buffers(pa.binary(), len(contents), [None, offsets, held], null_count=0)


def _leaves(path: str, kind: pa.DataType) -> Iterator[str]:
    """Yield a column's leaves by Parquet's own paths, which options are matched against."""
    if pa.types.is_struct(kind):
        for field in kind:
            yield from _leaves(f"{path}.{field.name}", field.type)
    elif pa.types.is_list(kind):
        yield from _leaves(f"{path}.list.element", kind.value_type)
    else:
        yield path
