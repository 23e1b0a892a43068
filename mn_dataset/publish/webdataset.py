"""Write a shard as a tar in WebDataset's form, the same bytes every time.

`KEY.noisy.flac`, `KEY.clean.flac`, `KEY.noise.flac` and `KEY.json` stand side by side; the Hub's
columns are then `noisy.flac`, `clean.flac`, `noise.flac` and `json`.
"""

from __future__ import annotations

import io
import json
import math
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mn_dataset.publish.encoded import cells
from mn_dataset.publish.selection import Row
from mn_dataset.publish.shards import Shard
from mn_dataset.whole import whole


def write_shard(
    path: Path, shard: Shard, *, audio: Sequence[str], folder: Path, audio_format: str
) -> None:
    """Write a shard, whole or not at all; the arguments are those of ``parquet.write_shard``.

    Raises:
        DatasetError: if audio is missing, or is not what the manifest says.
        OutputError: if the file cannot be written.
    """
    with (
        whole(path) as temporary,
        tarfile.open(temporary, "w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for row in shard.rows:
            for column in audio:
                for cell in cells(folder, row, column, audio_format=audio_format):
                    _add(tar, cell.name, cell.content)
            text = json.dumps(_described(row, audio), ensure_ascii=False, sort_keys=True)
            _add(tar, f"{row['id'].replace('/', '-')}.json", text.encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes | memoryview) -> None:
    """Add a member without owner and time, on which the bytes must not depend."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))


def _described(row: Row, audio: Sequence[str]) -> dict[str, Any]:
    """Return a row without its audio; JSON knows no NaN."""
    return {name: _finite(value) for name, value in row.items() if name not in audio}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
