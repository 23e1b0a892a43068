"""Write shards in the three layouts of a publication: Parquet, AudioFolder, WebDataset.

AudioFolder: a shard is a folder of audio files with a table, `metadata.parquet`, that names them
in `noisy_file_name`, `clean_file_name` and `noise_file_name` (lists: `inputs_file_names`,
`targets_file_names`), which become the columns `noisy`, `clean`, `noise`.

WebDataset: a shard is a tar in which `KEY.noisy.flac`, `KEY.clean.flac`, `KEY.noise.flac` and
`KEY.json` stand side by side; the Hub's columns are then `noisy.flac`, `clean.flac`, `noise.flac`
and `json`. The same rows give the same bytes every time.
"""

from __future__ import annotations

import io
import json
import math
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.errors import UnknownName
from mn_dataset.files.atomic import folder_replacement, replacement
from mn_dataset.publish import parquet
from mn_dataset.publish.encoded import Encoder
from mn_dataset.publish.publication import File, measured
from mn_dataset.publish.schema import Audio, class_names, numbered
from mn_dataset.publish.selection import Row
from mn_dataset.publish.shards import Shard

METADATA = "metadata.parquet"
"""The table in a shard of AudioFolder."""


def write_folder(path: Path, shard: Shard, *, schema: pa.Schema, encoder: Encoder) -> None:
    """Write a shard of AudioFolder; the arguments are those of ``parquet.write_shard``.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if a file cannot be written.
    """
    names: dict[str, list[str | list[str]]] = {column: [] for column in encoder.columns}
    with folder_replacement(path, durable=False) as temporary:
        for row in shard.rows:
            for column in encoder.columns:
                files = encoder.files(row, column)
                for file in files:
                    (temporary / file.name).write_bytes(file.content)
                cell = [file.name for file in files]
                names[column].append(cell[0] if isinstance(row[column], str) else cell)
        pq.write_table(_table(shard, schema, names), temporary / METADATA)


def write_tar(path: Path, shard: Shard, *, schema: pa.Schema, encoder: Encoder) -> None:
    """Write a shard of WebDataset; the arguments are those of ``parquet.write_shard``.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if the file cannot be written.
    """
    del schema  # JSON beside the audio says it all
    with (
        replacement(path, durable=False) as temporary,
        tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for row in shard.rows:
            for column in encoder.columns:
                for file in encoder.files(row, column):
                    _add(tar, file.name, file.content)
            text = json.dumps(_plain(row, encoder.columns), ensure_ascii=False, sort_keys=True)
            _add(tar, f"{row['id'].replace('/', '-')}.json", text.encode())


@dataclass(frozen=True)
class Layout:
    """A layout.

    Attributes:
        name: What people type.
        suffix: Of a shard's name.
        ending: Of a pattern that matches a shard's files.
        audio: Where a row's audio is.
        described: Whether the card tells the columns; WebDataset's reader finds them itself.
        write_shard: Writes a shard, with the arguments of ``parquet.write_shard``.
    """

    name: str
    suffix: str
    ending: str
    audio: Audio
    described: bool
    write_shard: Callable[..., None]


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            "parquet", ".parquet", ".parquet", "embedded",
            described=True, write_shard=parquet.write_shard,
        ),
        Layout("audiofolder", "", "/*", "named", described=False, write_shard=write_folder),
        Layout("webdataset", ".tar", ".tar", "embedded", described=False, write_shard=write_tar),
    )
}  # fmt: skip
RECIPES = Layout(
    "recipes", ".parquet", ".parquet", "absent", described=True, write_shard=parquet.write_shard
)
"""Rows without audio, whatever the layout of the others."""


def find(name: str) -> Layout:
    """Return a layout by name.

    Raises:
        UnknownName: with the nearest suggestion.

    >>> find("parquet").suffix
    '.parquet'
    """
    if name not in LAYOUTS:
        raise UnknownName("layout", name, LAYOUTS)
    return LAYOUTS[name]


def write(
    out: Path, shard: Shard, *, layout: Layout, schema: pa.Schema, encoder: Encoder
) -> dict[str, File]:
    """Write one shard of a publication, whole or not at all, and measure its files.

    Args:
        out: The publication.
        shard: What to write.
        layout: Its layout.
        schema: Its columns.
        encoder: Gives the audio.

    Returns:
        Its files by path relative to the publication.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if a file cannot be written.
    """
    path = out / shard.path
    layout.write_shard(path, shard, schema=schema, encoder=encoder)
    if path.is_dir():
        return {f"{shard.path}/{file.name}": measured(file) for file in sorted(path.iterdir())}
    return {shard.path: measured(path)}


def _table(
    shard: Shard, schema: pa.Schema, names: Mapping[str, Sequence[str | list[str]]]
) -> pa.Table:
    """Return the rows in the schema of the publication's Parquet, file names in place of audio."""
    classes = class_names(schema)
    rows = [numbered(row, classes) for row in shard.rows]
    columns = []
    for field in schema:
        name = field.name.removesuffix("_file_names").removesuffix("_file_name")
        values = names[name] if name in names else [row.get(name) for row in rows]
        columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _add(tar: tarfile.TarFile, name: str, content: bytes | memoryview) -> None:
    """Add a member without owner and time, on which the bytes must not depend."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))


def _plain(row: Row, audio: Sequence[str]) -> dict[str, Any]:
    """Return a row without its audio; JSON knows no NaN."""
    return {name: _finite(value) for name, value in row.items() if name not in audio}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
