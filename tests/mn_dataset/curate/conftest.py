"""Write recordings of any form, and read a corpus back without the code that wrote it."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset.seeds import generator


@pytest.fixture
def sound() -> Callable[..., np.ndarray]:
    """Return a function that writes a recording of noise and gives its samples (time, channels)."""

    def write(
        path: Path,
        *,
        seconds: float = 2.0,
        rate: int = 44_100,
        channels: int = 1,
        peak: float = 0.5,
        samples: np.ndarray | None = None,
        **form: str,
    ) -> np.ndarray:
        if samples is None:
            count = round(seconds * rate)
            numbers = generator(0, "sound", str(path.name)).uniforms(count * channels)
            samples = (2 * numbers.reshape(count, channels) - 1) * peak
        path.parent.mkdir(parents=True, exist_ok=True)
        with soundfile.SoundFile(path, "w", rate, samples.shape[1], **form) as file:
            for start in range(0, len(samples), 8192):  # Vorbis takes little at a time
                file.write(samples[start : start + 8192])
        return samples

    return write


@pytest.fixture
def rows() -> Callable[[Path, str], list[dict[str, str]]]:
    """Return a function that reads a table of a corpus."""

    def read(corpus: Path, role: str) -> list[dict[str, str]]:
        with (corpus / f"{role}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    return read


@pytest.fixture
def rejected() -> Callable[[Path], dict[str, str]]:
    """Return a function that reads the reasons of a corpus by file."""

    def read(corpus: Path) -> dict[str, str]:
        with (corpus / "rejected.csv").open(encoding="utf-8", newline="") as file:
            return {row["file"]: row["reason"] for row in csv.DictReader(file)}

    return read


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return a function that reads every file below a folder."""

    def read(folder: Path) -> dict[str, bytes]:
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    return read


@pytest.fixture
def raw(sound: Callable[..., np.ndarray], tmp_path: Path) -> Path:
    """Twelve recordings that need some milliseconds each, and one that is damaged."""
    root = tmp_path / "raw"
    for number in range(8):
        sound(root / f"piano/{number}.wav", rate=48_000, channels=2, seconds=6)
    for number in range(4):
        sound(root / f"traffic/{number}.flac", seconds=3)
    (root / "piano/bad.wav").write_bytes(b"RIFF")
    return root
