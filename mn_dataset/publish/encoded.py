"""Give the audio files of a mixture as bytes, proven by the manifest's hashes."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mn_dataset.audio import encode, io
from mn_dataset.errors import AudioError, DatasetError


@dataclass(frozen=True)
class Cell:
    """One audio file.

    Attributes:
        name: A file name that is unique in the dataset.
        content: The file's bytes.
    """

    name: str
    content: bytes | memoryview


def cells(folder: Path, row: dict[str, Any], column: str, *, audio_format: str) -> list[Cell]:
    """Return the files of one audio column of a row: one, or as many as its list has.

    Args:
        folder: The dataset.
        row: Of its manifest.
        column: "noisy", "clean", "noise", "inputs" or "targets".
        audio_format: "flac" or "wav".

    Raises:
        DatasetError: if a file is missing, or its samples are not those of the manifest.
    """
    stem = row["id"].replace("/", "-")
    if isinstance(row[column], str):
        content = _content(
            folder / row[column], row, row[f"{column}_sha256"], audio_format=audio_format
        )
        return [Cell(f"{stem}.{column}.{audio_format}", content)]
    hashes = row.get(f"{column}_sha256") or [None] * len(row[column])
    return [
        Cell(
            f"{stem}.{column}.{number}.{audio_format}",
            _content(folder / path, row, sha256, audio_format=audio_format),
        )
        for number, (path, sha256) in enumerate(zip(row[column], hashes, strict=True))
    ]


def paths(row: dict[str, Any], columns: tuple[str, ...]) -> Iterator[str]:
    """Yield the dataset's own paths of a row's audio files."""
    for column in columns:
        yield from [row[column]] if isinstance(row[column], str) else row[column]


def _content(
    path: Path, row: dict[str, Any], sha256: str | None, *, audio_format: str
) -> bytes | memoryview:
    rate = row["sampling_rate"]
    try:
        content = _mapped(path)
        if path.suffix == ".wav" and encode.is_canonical_wav(content, sampling_rate=rate):
            found = hashlib.sha256(content[44:]).hexdigest()
        else:
            samples, _ = encode.decode(content)
            found = io.pcm_sha256(samples)
        if sha256 not in (None, found):
            raise AudioError(f"its samples hash to {found[:12]}, the manifest says {sha256[:12]}")
        if path.suffix == f".{audio_format}":
            return content
        samples, _ = encode.decode(content)
        return encode.encode(samples, sampling_rate=rate, audio_format=audio_format)
    except (OSError, AudioError) as error:
        text = error.strerror if isinstance(error, OSError) else error
        raise DatasetError(
            f"{path}: cannot be published ({text}); run `mn verify`, and build it again"
        ) from error


def _mapped(path: Path) -> memoryview:
    """Return a file's bytes where the system has them: they are copied once, into the shard."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
