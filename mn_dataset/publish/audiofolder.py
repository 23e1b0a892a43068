"""Write a shard as a folder of audio files with their table, as the Hub's AudioFolder reads it.

`metadata.parquet` names the files of its folder in `noisy_file_name`, `clean_file_name` and
`noise_file_name` (lists: `inputs_file_names`, `targets_file_names`), which become the columns
`noisy`, `clean`, `noise`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from mn_dataset.errors import OutputError
from mn_dataset.publish.encoded import cells
from mn_dataset.publish.schema import numbered
from mn_dataset.publish.shards import Shard

METADATA = "metadata.parquet"


def write_shard(
    path: Path,
    shard: Shard,
    *,
    schema: pa.Schema,
    audio: Sequence[str],
    folder: Path,
    audio_format: str,
) -> None:
    """Write a folder, whole or not at all.

    Args:
        path: The folder.
        shard: Its rows.
        schema: Of ``metadata.parquet``, file names included.
        audio: The audio columns.
        folder: The dataset that the audio is read from.
        audio_format: "flac" or "wav".

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if a file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    names: dict[str, list[str | list[str]]] = {column: [] for column in audio}
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        for row in shard.rows:
            for column in audio:
                found = cells(folder, row, column, audio_format=audio_format)
                for cell in found:
                    (temporary / cell.name).write_bytes(cell.content)
                own = [cell.name for cell in found]
                names[column].append(own[0] if isinstance(row[column], str) else own)
        pq.write_table(_table(shard, schema, names), temporary / METADATA)
        shutil.rmtree(path, ignore_errors=True)
        temporary.replace(path)
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free or choose another place"
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _table(shard: Shard, schema: pa.Schema, names: dict[str, list[str | list[str]]]) -> pa.Table:
    """Return the rows in the schema of the publication's Parquet, file names in place of audio."""
    rows = [numbered(row) for row in shard.rows]
    columns = []
    for field in schema:
        name = field.name.removesuffix("_file_names").removesuffix("_file_name")
        values = names[name] if name in names else [row.get(name) for row in rows]
        columns.append(pa.array(values, type=field.type))
    return pa.Table.from_arrays(columns, schema=schema)
