"""Know the three forms of a publication: Parquet, AudioFolder, WebDataset."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mn_dataset.errors import UnknownName
from mn_dataset.publish import audiofolder, parquet, webdataset
from mn_dataset.publish.publication import File, measured
from mn_dataset.publish.schema import Audio
from mn_dataset.publish.shards import Shard


@dataclass(frozen=True)
class Layout:
    """A form.

    Attributes:
        name: What people type.
        suffix: Of a shard's name.
        inside: What a pattern needs behind a shard's name to match its files.
        audio: Where a row's audio is.
        described: Whether the card tells the columns; WebDataset's reader finds them itself.
    """

    name: str
    suffix: str
    inside: str
    audio: Audio
    described: bool


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout("parquet", ".parquet", "", "embedded", described=True),
        Layout("audiofolder", "", "/*", "named", described=False),
        Layout("webdataset", ".tar", "", "embedded", described=False),
    )
}
RECIPES = Layout("recipes", ".parquet", "", "absent", described=True)
"""Rows without audio, whatever the form of the others."""


def find(name: str) -> Layout:
    """Return a form by name.

    Raises:
        UnknownName: with the nearest suggestion.

    >>> find("parquet").suffix
    '.parquet'
    """
    if name not in LAYOUTS:
        raise UnknownName("layout", name, LAYOUTS)
    return LAYOUTS[name]


def write(
    out: Path,
    shard: Shard,
    *,
    layout: Layout,
    schema: pa.Schema,
    audio: tuple[str, ...],
    folder: Path,
    audio_format: str,
) -> dict[str, File]:
    """Write one shard of a publication and measure its files.

    Args:
        out: The publication.
        shard: What to write.
        layout: Its form.
        schema: Its columns.
        audio: Audio columns; none for recipes.
        folder: The dataset.
        audio_format: "flac" or "wav".

    Returns:
        Its files by path relative to the publication.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if a file cannot be written.
    """
    path = out / shard.path
    if layout.name == "webdataset":
        webdataset.write_shard(path, shard, audio=audio, folder=folder, audio_format=audio_format)
        return {shard.path: measured(path)}
    form = audiofolder if layout.name == "audiofolder" else parquet
    form.write_shard(
        path, shard, schema=schema, audio=audio, folder=folder, audio_format=audio_format
    )
    if layout.name == "audiofolder":
        return {f"{shard.path}/{file.name}": measured(file) for file in sorted(path.iterdir())}
    return {shard.path: measured(path)}
