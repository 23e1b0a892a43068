from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.leaderboard.dataset import read_audio, read_dataset
from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES


def rewritten(dataset: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    path = dataset / "manifest.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_a_dataset_is_read_from_its_tables(dataset: Path) -> None:
    """Mixtures come sorted by id, with the manifest's own metadata and hash."""
    rewritten(dataset, lambda table: table.sort_by([("id", "descending")]))

    found = read_dataset(dataset)

    assert [mixture.id for mixture in found.mixtures] == [f"test/{item:03d}" for item in range(6)]
    assert found.provenance["corpus_hash"] == "c" * 64
    assert len(found.manifest_sha256) == 64
    assert found.clusters["clean/0"] == "g:clean/0"
    assert found.clusters["noise/0"] == "noise/0"


def test_a_category_is_covered_by_recordings_alone(dataset: Path) -> None:
    """What is absent or synthetic is not covered."""
    path = dataset / "sources.parquet"
    sources = pq.read_table(path)
    assert set(read_dataset(dataset).uncovered) == {*MUSIC_CATEGORIES, *NOISE_CLASSES}

    origin = sources.column_names.index("origin")
    origins = ["recorded", *sources["origin"].to_pylist()[1:]]
    pq.write_table(sources.set_column(origin, "origin", pa.array(origins)), path)

    covered = sources["category"][0].as_py()
    assert covered not in read_dataset(dataset).uncovered
    assert len(read_dataset(dataset).uncovered) == 9 + 5 - 1


def test_audio_is_the_triple_of_the_manifest(dataset: Path) -> None:
    """The layers are float32 (1, time) and add up."""
    found = read_dataset(dataset)

    audio = read_audio(dataset, found.mixtures[0])

    assert audio.noisy.shape == (1, 4000)
    assert (audio.noisy == audio.clean + audio.noise).all()


def test_another_file_in_its_place_is_noticed(dataset: Path) -> None:
    """A file that holds other samples than the manifest says is refused by name."""
    found = read_dataset(dataset)
    files = dataset / "audio" / "test"
    (files / "000.clean.wav").write_bytes((files / "000.noisy.wav").read_bytes())

    with pytest.raises(AudioError, match=r"000\.clean\.wav: its samples are not those"):
        read_audio(dataset, found.mixtures[0])


def test_what_is_no_dataset_is_said(dataset: Path, tmp_path: Path) -> None:
    """A missing folder, a missing column, another task, no rows, and a damaged table."""
    with pytest.raises(DatasetError, match=r"holds no manifest\.parquet; expected a dataset"):
        read_dataset(tmp_path / "nowhere")
    manifest = pq.read_table(dataset / "manifest.parquet")
    task = manifest.column_names.index("task")
    others: list[tuple[pa.Table, str]] = [
        (manifest.drop_columns(["snr_db"]), "lacks the columns snr_db"),
        (manifest.set_column(task, "task", pa.array(["separate"] * 6)), "task separate"),
        (manifest.slice(0, 0), "no rows"),
        (pa.concat_tables([manifest, manifest.slice(0, 1)]), "1 ids of the manifest are repeated"),
    ]
    for table, message in others:
        pq.write_table(table, dataset / "manifest.parquet")
        with pytest.raises(DatasetError, match=message):
            read_dataset(dataset)
    (dataset / "manifest.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="not readable as Parquet"):
        read_dataset(dataset)
