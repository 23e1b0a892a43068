"""MB/s of publishing and rows/s of loading on one core, beside Hugging Face `datasets`.

Both start from the same files of one built dataset and end in Parquet with the same audio bytes
inside; both read the same Parquet, and decode it with soundfile where samples are wanted, or as
`datasets` itself does, where torchcodec is installed.
"""

from __future__ import annotations

import importlib.util
import io
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import side_by_side
import soundfile

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.mix.draw import draw
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.mix.render import render
from mn_dataset.publish.encoded import Encoder
from mn_dataset.publish.parquet import groups, load, rows, write_shard
from mn_dataset.publish.publish import publish
from mn_dataset.publish.schema import arrow_schema
from mn_dataset.publish.selection import select
from mn_dataset.publish.shards import DATA, cut
from mn_dataset.synthetic.corpus import write_corpus

TRIPLE = ("noisy", "clean", "noise")

ROUNDS = 3
MEMORY = Path("/dev/shm")  # noqa: S108 - Linux's memory file system, used through tempfile


def main() -> None:
    """Print both tables."""
    warnings.simplefilter("ignore")
    datasets.disable_progress_bars()
    home = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=home) as folder:
        root = Path(folder)
        datasets.config.HF_DATASETS_CACHE = root / "cache"
        corpus = open_corpus(write_corpus(root / "corpus"), workers=2)
        recipes = draw(corpus, split="test", snr_db=(0, 10), per_cell=1)
        built = render(recipes, corpus, root / "dataset", workers=2)
        writing(built, root)
        publish(built, root / "published", workers=2)
        loading(root / "published")


def writing(built: Path, root: Path) -> None:
    """Print MB/s of making Parquet of WAV files; ours also proves every hash on the way."""
    mixtures = read_manifest(built)
    megabytes = sum((built / row[part]).stat().st_size for row in mixtures for part in TRIPLE) / 1e6
    ready = generated(built, mixtures, root)
    jobs: dict[str, Callable[[], object]] = {
        "mn publish: files → Parquet": lambda: ours(built, root / "ours"),
        "datasets: files → from_generator → to_parquet": lambda: generated(
            built, mixtures, root
        ).to_parquet(root / "theirs.parquet"),
        "datasets: to_parquet alone, bytes in Arrow already": lambda: ready.to_parquet(
            root / "theirs.parquet"
        ),
    }
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    first = taken[next(iter(jobs))]
    table = [
        (name, f"{megabytes / time:.0f}", f"{time / first:.2f}") for name, time in taken.items()
    ]
    title = f"Publishing {len(mixtures)} mixtures, {megabytes:.0f} MB of WAV, one core"
    side_by_side.table(title, ("", "MB/s", "ours is × as fast"), table)


def ours(built: Path, out: Path) -> None:
    """Write the shards of a publication, as `mn publish --format wav --workers 1` does."""
    selection = select(built)
    schema = arrow_schema(selection.schema, selection.task, "embedded")
    encoder = Encoder(built, selection.audio, "wav")
    for shard in cut(
        selection.with_audio, DATA, ".parquet", task=selection.task, audio=selection.audio
    ):
        write_shard(out / shard.path, shard, schema=schema, encoder=encoder)


def generated(built: Path, mixtures: list[dict[str, Any]], root: Path) -> datasets.Dataset:
    """Return the rows as a `datasets.Dataset` that holds the files' bytes in genuine columns."""

    def examples() -> Iterator[dict[str, Any]]:
        for row in mixtures:
            audio = {part: (built / row[part]).read_bytes() for part in TRIPLE}
            yield row | {name: {"bytes": b, "path": f"{name}.wav"} for name, b in audio.items()}

    with tempfile.TemporaryDirectory(dir=root) as cache:
        made = datasets.Dataset.from_generator(examples, cache_dir=cache, keep_in_memory=True)
    for part in TRIPLE:
        made = made.cast_column(part, datasets.Audio(sampling_rate=44_100))
    return made


def loading(published: Path) -> None:
    """Print rows/s of reading a publication, decoded and not."""
    stream = datasets.load_dataset(str(published), split="test", streaming=True).decode(False)
    stored = datasets.load_dataset(str(published), split="test")
    for part in TRIPLE:
        stored = stored.cast_column(part, datasets.Audio(decode=False))
    found = groups(published, "test")
    count = sum(group.rows for group in found)
    jobs: dict[str, Callable[[], object]] = {
        "ours: samples": lambda: [row["id"] for row in rows(published, "test")],
        "datasets, streaming + soundfile: samples": lambda: [decoded(row)["id"] for row in stream],
        "datasets, from its Arrow cache + soundfile: samples": lambda: [
            decoded(row)["id"] for row in stored
        ],
        "ours: bytes": lambda: [load(group).plain[0]["id"] for group in found],
        "datasets, streaming: bytes": lambda: [row["id"] for row in stream],
    }
    if importlib.util.find_spec("torchcodec"):
        own = datasets.load_dataset(str(published), split="test", streaming=True)
        jobs["datasets, streaming, its own torchcodec: samples"] = lambda: [
            row[part]["array"].shape for row in own for part in TRIPLE
        ]
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    table = []
    for name, time in taken.items():
        first = taken["ours: samples" if name.endswith("samples") else "ours: bytes"]
        table.append((name, f"{count / time:.0f}", f"{time / first:.2f}"))
    header = ("", "rows/s", "ours is × as fast")
    side_by_side.table("Loading 10-second triples in FLAC, one core", header, table)


def decoded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of `datasets` with its audio as samples."""
    audio = {
        part: soundfile.read(io.BytesIO(row[part]["bytes"]), dtype="int16")[0] for part in TRIPLE
    }
    return row | audio


if __name__ == "__main__":
    main()
