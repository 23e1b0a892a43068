"""Name the doors that untrusted bytes come in by, with a few whole inputs for each."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import soundfile
from damage import is_refused

from benchmarks.layers import weights_file
from benchmarks.models.musicecan import MusicEcan
from mn_dataset import tables
from mn_dataset.audio import io as audio_io
from mn_dataset.fetch.published import archive
from mn_dataset.files.parquet import write_rows
from mn_dataset.mix.manifest import read_sources
from mn_dataset.mix.recipes import read_recipes, write_recipes

ROOT = Path(__file__).parents[1]
FORMATS = {
    "wav": {"subtype": "PCM_16"},
    "flac": {"subtype": "PCM_16"},
    "ogg": {"format": "OGG", "subtype": "VORBIS"},
    "mp3": {"format": "MP3"},
}
"""What recordings are tried in, as soundfile writes them."""


@dataclass(frozen=True)
class Target:
    """A door.

    Attributes:
        name: The file's name while it is tried.
        whole: Makes inputs that are read, in a folder.
        uses: What is done with the file, one after the other.
    """

    name: str
    whole: Callable[[Path], Iterator[bytes]]
    uses: tuple[Callable[[Path], object], ...]

    def attempt(self, path: Path) -> bool:
        """Use a file in every way; return whether errors of the toolkit refused it in all."""
        return is_refused(*(partial(use, path) for use in self.uses))


def recording(name: str, *, seconds: float = 0.2, rate: int = 44_100, channels: int = 1) -> bytes:
    """Return a recording in one of the formats: a falling tone, louder in the first channel."""
    time = np.arange(int(seconds * rate)) / rate
    tone = 0.5 * np.sin(2 * np.pi * (900 - 800 * time) * time)
    samples = tone[:, np.newaxis] / np.arange(1, channels + 1)
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, **{"format": name, **FORMATS[name]})
    return buffer.getvalue()


def _recordings(_: Path) -> Iterator[bytes]:
    for name in FORMATS:
        yield recording(name, seconds=0.05)
        yield recording(name, seconds=0.05, rate=22_050, channels=2)


def _tables(folder: Path) -> Iterator[bytes]:
    row = tables.Row(
        id="clean/1",
        file="a, b/1.wav",
        category="harp",
        split="test",
        source='of "old"',
        license="CC0-1.0",
        sha256="0" * 64,
        start_s="0.5",
        duration_s="1e1",
        further=(("mood", "high\nup"),),
    )
    for rows in ([], [row], [row, tables.Row("clean/ü", "ü.wav", "piano")]):
        tables.write_table(folder / "clean.csv", rows)
        yield (folder / "clean.csv").read_bytes()


def _read_table(path: Path) -> None:
    tables.read_table(path, "clean")


def _parquet(folder: Path) -> Iterator[bytes]:
    path = folder / "recipes.parquet"
    for source in sorted((ROOT / "metadata" / "validation").glob("*.parquet"))[:3]:
        recipes = read_recipes(source)
        write_recipes(path, recipes.part(list(recipes)[:2]))
        yield path.read_bytes()
    names = ("id", "file", "category", "split", "group", "source", "license", "attribution", "url")
    schema = pa.schema([(name, pa.string()) for name in (*names, "sha256", "pcm_sha256")])
    rows = [dict.fromkeys(schema.names, f"clean/{number}") for number in range(3)]
    for checksums in (False, True):
        write_rows(path, rows, schema, checksums=checksums)
        yield path.read_bytes()


def _archives(_: Path) -> Iterator[bytes]:
    content = recording("flac", seconds=0.01)
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as packed:
            packed.writestr("noise/1.flac", content)
            packed.writestr("ü.txt", b"words " * 20)
        yield buffer.getvalue()
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode, format=tarfile.PAX_FORMAT) as tar:
            for name in ("noise/1.flac", "ü" * 120):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        yield buffer.getvalue()


def _unpack(path: Path) -> None:
    limits = archive.ArchiveLimits(
        members=50, member_bytes=2**20, total_bytes=2**24, grace_bytes=2**20
    )
    members = archive.list_members(path, limits=limits)
    taken = path.parent / "taken"
    taken.mkdir(exist_ok=True)
    targets = {member.number: taken / str(member.number) for member in members}
    for _, error in archive.extract(path, targets, limits=limits):
        if error is not None:
            raise error


def _weights(folder: Path) -> Iterator[bytes]:
    path = folder / "net.safetensors"
    for widths in ([2, 2, 2, 2], [1, 2]):
        network = MusicEcan().build(widths=widths, num_tfc=1, bins=17, seed=5)
        weights_file.save(path, network, model="musicecan", facts={"steps": 3})
        yield path.read_bytes()


def _load(path: Path) -> None:
    weights_file.load(path, MusicEcan().build, model="musicecan")


TARGETS = {
    "table": Target("clean.csv", _tables, (_read_table,)),
    "parquet": Target("recipes.parquet", _parquet, (read_recipes, read_sources)),
    "archive": Target("archive.bin", _archives, (_unpack,)),
    "audio": Target(
        "take.bin",
        _recordings,
        (audio_io.read_any, lambda path: audio_io.read_pcm(path, sampling_rate=44_100)),
    ),
    "weights": Target("net.safetensors", _weights, (weights_file.read_card, _load)),
}
"""By name."""
