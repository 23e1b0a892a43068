"""Give the audio files of a mixture as bytes, proven by the manifest's hashes."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mn_dataset.audio import codec, io
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.files.names import inside


@dataclass(frozen=True)
class EncodedFile:
    """One audio file.

    Attributes:
        name: A file name that is unique in the dataset.
        content: The file's bytes.
    """

    name: str
    content: bytes | memoryview


@dataclass(frozen=True)
class Encoder:
    """Reads the audio of a dataset's mixtures, and gives it in the format of a publication.

    Attributes:
        folder: The dataset.
        columns: Of its manifest, those that name audio files; none where only recipes are wanted.
        audio_format: "flac" or "wav".
    """

    folder: Path
    columns: tuple[str, ...]
    audio_format: str

    def files(self, row: Mapping[str, Any], column: str) -> list[EncodedFile]:
        """Return the files of one audio column of a row: one, or as many as its list has.

        Raises:
            DatasetError: if a file is missing, or its samples are not those of the manifest.
        """
        stem = row["id"].replace("/", "-")
        rate = row["sampling_rate"]
        if isinstance(row[column], str):
            content = self._content(row[column], row[f"{column}_sha256"], rate)
            return [EncodedFile(f"{stem}.{column}.{self.audio_format}", content)]
        hashes = row[f"{column}_sha256"]
        return [
            EncodedFile(
                f"{stem}.{column}.{number}.{self.audio_format}", self._content(path, sha256, rate)
            )
            for number, (path, sha256) in enumerate(zip(row[column], hashes, strict=True))
        ]

    def _content(self, relative: str, sha256: str | None, sampling_rate: int) -> bytes | memoryview:
        path = inside(self.folder, relative)
        try:
            if sha256 is None:
                raise AudioError("the manifest has no hash of its samples")
            content = _mapped(path)
            if path.suffix == ".wav" and codec.is_canonical_wav(
                content, sampling_rate=sampling_rate
            ):
                actual = hashlib.sha256(content[44:]).hexdigest()
            else:
                samples, _ = codec.decode(content)
                actual = io.pcm_sha256(samples)
            if actual != sha256:
                raise AudioError(
                    f"its samples hash to {actual[:12]}, the manifest says {sha256[:12]}"
                )
            if path.suffix == f".{self.audio_format}":
                return content
            samples, _ = codec.decode(content)
            return codec.encode(
                samples, sampling_rate=sampling_rate, audio_format=self.audio_format
            )
        except (OSError, AudioError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise DatasetError(
                f"{path}: cannot be published ({reason}); run `mn verify`, and build it again"
            ) from error


def _mapped(path: Path) -> memoryview:
    """Return a file's bytes where the system has them: they are copied once, into the shard."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
