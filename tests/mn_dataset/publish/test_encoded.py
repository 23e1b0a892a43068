"""Audio on its way into a publication: proven by the manifest's hashes."""

from __future__ import annotations

import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio import io as audio_io
from mn_dataset.errors import DatasetError
from mn_dataset.publish.publish import publish


def test_changed_audio_is_not_published(built, tmp_path):
    """A file whose samples are not the manifest's stops it, by name."""
    shutil.copytree(built, tmp_path / "d")
    path = next((tmp_path / "d/audio/test").glob("*.clean.wav"))
    samples = audio_io.read_pcm(path, sampling_rate=44_100)
    audio_io.write_wav(path, samples // 2, sampling_rate=44_100)

    with pytest.raises(DatasetError, match=rf"{path.name}: cannot be published"):
        publish(tmp_path / "d", tmp_path / "out")


def test_a_file_outside_the_dataset_is_not_published(built, tmp_path):
    """Wherever it lies."""
    dataset = shutil.copytree(built, tmp_path / "d")
    secret = tmp_path / "secret.wav"
    table = pq.read_table(dataset / "manifest.parquet")
    rows = table.to_pylist()
    shutil.copy(dataset / rows[0]["clean"], secret)
    rows[0]["clean"] = str(secret)
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), dataset / "manifest.parquet")

    with pytest.raises(DatasetError, match="which is not in the folder"):
        publish(dataset, tmp_path / "out")


def test_audio_without_a_hash_is_not_published(built, tmp_path):
    """Nothing proves what it is."""
    dataset = shutil.copytree(built, tmp_path / "d")
    table = pq.read_table(dataset / "manifest.parquet")
    rows = table.to_pylist()
    rows[0]["clean_sha256"] = None
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), dataset / "manifest.parquet")

    with pytest.raises(DatasetError, match="the column 'clean_sha256' is empty"):
        publish(dataset, tmp_path / "out")
