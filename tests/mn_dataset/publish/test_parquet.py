"""Parquet with the audio inside: read by plain `datasets`, the same bytes every time."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from mn_dataset.audio import io as audio_io
from mn_dataset.errors import DatasetError
from mn_dataset.mix.manifest import TRIPLE, read_manifest
from mn_dataset.publish.publish import publish
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
Audio, ClassLabel, load_dataset = datasets.Audio, datasets.ClassLabel, datasets.load_dataset


def pcm_sha256(cell):
    samples, rate = soundfile.read(io.BytesIO(cell["bytes"]), dtype="int16")
    assert rate == 44_100
    return audio_io.pcm_sha256(samples)


def hashes(rows):
    return {row["id"]: [pcm_sha256(row[part]) for part in TRIPLE] for row in rows}


def expected(folder):
    rows = read_manifest(folder)
    return {row["id"]: [row[f"{part}_sha256"] for part in TRIPLE] for row in rows}


def undecoded(dataset):
    for part in TRIPLE:
        dataset = dataset.cast_column(part, Audio(decode=False))
    return dataset


def test_plain_load_dataset_gives_every_row(built, published):
    """In the default configuration, by splits; the samples are the manifest's."""
    found = undecoded(load_dataset(str(published)))

    assert list(found) == ["train", "validation", "test"]
    rows = [row for split in found.values() for row in split]
    assert hashes(rows) == expected(built)
    manifest = {row["id"]: row for row in read_manifest(built)}
    for row in rows:
        for name, value in manifest[row["id"]].items():
            if name not in (*TRIPLE, "music_category", "noise_class"):
                assert row[name] == value or np.isnan(value)


def test_streaming_gives_the_same(built, published):
    """Without decoding, which needs torchcodec."""
    splits = load_dataset(str(published), streaming=True).values()

    assert hashes(row for split in splits for row in split.decode(False)) == expected(built)


def test_columns_are_audio_and_classes_in_a_fixed_order(published):
    """A published number means the same for ever."""
    features = load_dataset(str(published), split="test", streaming=True).features

    assert all(features[part] == Audio(sampling_rate=44_100) for part in TRIPLE)
    assert features["music_category"] == ClassLabel(names=list(MUSIC_CATEGORIES))
    assert features["noise_class"] == ClassLabel(names=list(NOISE_CLASSES))


def test_a_noise_class_is_a_configuration_over_the_same_files(published):
    """No byte is stored twice."""
    found = load_dataset(str(published), "traffic")

    for split in found.values():
        assert set(split["noise_class"]) == {NOISE_CLASSES.index("traffic")}
    assert sum(split.num_rows for split in found.values()) == 9
    stored = [path.stat().st_size for path in published.glob("data/*")]
    rows = sum(pq.read_metadata(path).num_rows for path in published.glob("data/*"))
    assert rows == 45
    assert sum(stored) < 45 * 3 * 2 * 66_150


@pytest.mark.parametrize(("audio_format", "layout"), [("flac", "parquet"), ("wav", "parquet")])
def test_no_audio_cell_is_without_bytes(built, published, tmp_path, audio_format, layout):
    """Whatever the format: every cell of every shard is read."""
    folder = published
    if audio_format == "wav":
        folder = tmp_path / "wav"
        publish(built, folder, audio_format=audio_format, layout=layout)
    cells = 0
    for path in folder.glob("data/*.parquet"):
        table = pq.read_table(path, columns=list(TRIPLE))
        for part in TRIPLE:
            content = table[part].combine_chunks().field("bytes")
            assert content.null_count == 0
            for cell in content.to_pylist():
                assert len(cell) > 1000
                cells += 1
    assert cells == 3 * 45


def test_shards_are_the_same_bytes_every_time(built, published, tmp_path):
    """In any number of processes, from another place."""
    shutil.copytree(built, tmp_path / "elsewhere")
    publish(tmp_path / "elsewhere", tmp_path / "again", shard_bytes=2 * 3 * 2 * 66_150, workers=2)

    files = {path.relative_to(published) for path in published.rglob("*") if path.is_file()}
    assert len([path for path in files if path.parts[0] == "data"]) > 15
    for path in files:
        assert (tmp_path / "again" / path).read_bytes() == (published / path).read_bytes(), path


def test_row_groups_are_small_and_plain_pages_are_told(published):
    """A viewer takes a row group to show a row; audio is not compressed twice."""
    for path in published.glob("data/*"):
        metadata = pq.read_metadata(path)
        column = metadata.row_group(0).column(metadata.schema.names.index("bytes"))
        assert (column.path_in_schema, column.compression) == ("noisy.bytes", "UNCOMPRESSED")
        assert metadata.row_group(0).total_byte_size < 32 * 2**20
        assert json.loads(metadata.metadata[b"huggingface"])["info"]["features"]["noisy"]


def test_changed_audio_is_not_published(built, tmp_path):
    """A file whose samples are not the manifest's stops it, by name."""
    shutil.copytree(built, tmp_path / "d")
    path = next((tmp_path / "d/audio/test").glob("*.clean.wav"))
    samples = audio_io.read_pcm(path, sampling_rate=44_100)
    audio_io.write_wav(path, samples // 2, sampling_rate=44_100)

    with pytest.raises(DatasetError, match=rf"{path.name}: cannot be published"):
        publish(tmp_path / "d", tmp_path / "out")


def separate(folder):
    """Make a dataset with lists of inputs and targets out of one with triples."""
    table = pq.read_table(folder / "manifest.parquet")
    rows = table.to_pylist()
    for row in rows:
        row |= {
            "task": "separate",
            "inputs": [row.pop("noisy")],
            "inputs_sha256": [row.pop("noisy_sha256")],
            "targets": [row.pop("clean"), row.pop("noise")],
            "targets_sha256": [row.pop("clean_sha256"), row.pop("noise_sha256")],
            "target_names": ["voice", "accompaniment"],
        }
    made = pa.Table.from_pylist(rows).replace_schema_metadata(table.schema.metadata)
    pq.write_table(made, folder / "manifest.parquet")


def test_lists_of_inputs_and_targets_are_lists_of_audio(built, tmp_path):
    """As the tasks with several inputs or targets have them."""
    shutil.copytree(built, tmp_path / "d")
    separate(tmp_path / "d")
    record = publish(tmp_path / "d", tmp_path / "out")

    split = load_dataset(str(tmp_path / "out"), split="test", streaming=True).decode(False)
    truth = expected(built)
    rows = list(split)
    for row in rows:
        found = [pcm_sha256(cell) for cell in (*row["inputs"], *row["targets"])]
        assert found == truth[row["id"]]
    assert rows[0]["target_names"] == ["voice", "accompaniment"]
    assert len(rows) == 15
    assert record.mixtures_with_audio == 45
