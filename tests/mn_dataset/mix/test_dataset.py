from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import AudioError, DatasetError
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES
from mn_dataset.tasks.denoise import SPEC


@pytest.fixture
def dataset(tiny, tmp_path):
    return render(draw(tiny, split="test", snr_db=(5,), count=4), tiny, tmp_path / "dataset")


def rewritten(dataset: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    path = dataset / "manifest.parquet"
    pq.write_table(change(pq.read_table(path)), path)


def test_a_dataset_is_read_from_its_tables(dataset, tiny):
    """Mixtures come sorted by id, with the manifest's own metadata and hash."""
    rewritten(dataset, lambda table: table.sort_by([("id", "descending")]))

    read = read_dataset(dataset)
    rows = {row["id"]: row for row in pq.read_table(dataset / "manifest.parquet").to_pylist()}

    assert read.task is SPEC
    assert [mixture.id for mixture in read.mixtures] == sorted(rows)
    assert read.provenance["corpus_hash"] == tiny.hash
    assert len(read.manifest_sha256) == 64
    for mixture in read.mixtures:
        row = rows[mixture.id]
        assert mixture.labels == (row["noise_class"], row["music_category"], row["snr_db"])
        assert mixture.cluster_ids == (row["clean_id"], row["noise_id"])
        assert read.clusters_of(mixture) == mixture.cluster_ids
        assert [file.name for file in mixture.files] == ["noisy", "clean", "noise"]
        assert all(file.path == row[file.name] for file in mixture.files)
        assert all(file.sha256 == row[f"{file.name}_sha256"] for file in mixture.files)


def test_sources_of_a_group_are_one_cluster(dataset):
    """A source without a group is its own."""
    path = dataset / "sources.parquet"
    sources = pq.read_table(path)
    groups = ["tour", *[""] * (len(sources) - 1)]
    column = sources.column_names.index("group")
    pq.write_table(sources.set_column(column, "group", pa.array(groups)), path)

    clusters = read_dataset(dataset).clusters
    first, second, *_ = sources["id"].to_pylist()

    assert clusters[first] == "tour"
    assert clusters[second] == second


def test_a_category_is_covered_by_recordings_alone(dataset):
    """What is absent or synthetic is not covered."""
    path = dataset / "sources.parquet"
    sources = pq.read_table(path)
    synthetic = sources.append_column("origin", pa.array(["synthetic"] * len(sources)))
    pq.write_table(synthetic, path)
    assert set(read_dataset(dataset).uncovered) == {*MUSIC_CATEGORIES, *NOISE_CLASSES}

    origins = ["recorded", *["synthetic"] * (len(sources) - 1)]
    pq.write_table(sources.append_column("origin", pa.array(origins)), path)
    read = read_dataset(dataset)

    assert sources["category"][0].as_py() not in read.uncovered
    assert len(read.uncovered) == 9 + 5 - 1
    assert read.origins == {"recorded": 1, "synthetic": len(sources) - 1}


def test_audio_is_inputs_targets_and_what_is_kept(dataset):
    """All are float32 (1, time), and the input is the sum of the others."""
    mixture = read_dataset(dataset).mixtures[0]

    audio = read_audio(dataset, mixture)

    assert audio.inputs["noisy"].shape == (1, mixture.num_samples)
    assert audio.inputs["noisy"].dtype == np.float32
    assert (audio.inputs["noisy"] == audio.targets["clean"] + audio.kept["noise"]).all()


def test_another_file_in_its_place_is_noticed(dataset):
    """A file that holds other samples than the manifest says is refused by name."""
    mixture = read_dataset(dataset).mixtures[0]
    target, other = mixture.targets[0].path, mixture.inputs[0].path
    (dataset / target).write_bytes((dataset / other).read_bytes())

    with pytest.raises(AudioError, match=r"clean\.wav: its samples are not those"):
        read_audio(dataset, mixture)


def test_what_is_no_dataset_is_refused(dataset, tmp_path):
    """A missing folder, a missing column, another task, no rows, and a damaged table."""
    with pytest.raises(DatasetError, match=r"holds no manifest\.parquet; expected a dataset"):
        read_dataset(tmp_path / "nowhere")
    manifest = pq.read_table(dataset / "manifest.parquet")
    task = manifest.column_names.index("task")
    others: list[tuple[pa.Table, str]] = [
        (manifest.drop_columns(["snr_db"]), "lacks the columns snr_db"),
        (manifest.drop_columns(["task"]), "lacks the columns task"),
        (manifest.set_column(task, "task", pa.array(["tidy"] * 4)), "task tidy, which is not"),
        (manifest.slice(0, 0), "mixtures are none"),
        (pa.concat_tables([manifest, manifest.slice(0, 1)]), "1 ids of the manifest are repeated"),
    ]
    for table, message in others:
        pq.write_table(table, dataset / "manifest.parquet")
        with pytest.raises(DatasetError, match=message):
            read_dataset(dataset)
    (dataset / "manifest.parquet").write_bytes(b"PAR1")
    with pytest.raises(DatasetError, match="not readable as Parquet"):
        read_dataset(dataset)
