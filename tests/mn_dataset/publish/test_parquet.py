"""Parquet with the audio inside: read by plain `datasets`, the same bytes every time."""

from __future__ import annotations

import io
import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from mn_dataset.audio import io as audio_io
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.publish.parquet import groups, load, rows
from mn_dataset.publish.publish import publish

TRIPLE = ("noisy", "clean", "noise")

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


def test_row_groups_are_small_and_plain_pages_are_told(published):
    """A viewer takes a row group to show a row; audio is not compressed twice."""
    for path in published.glob("data/*"):
        metadata = pq.read_metadata(path)
        column = metadata.row_group(0).column(metadata.schema.names.index("bytes"))
        assert (column.path_in_schema, column.compression) == ("noisy.bytes", "UNCOMPRESSED")
        assert metadata.row_group(0).total_byte_size < 32 * 2**20
        assert json.loads(metadata.metadata[b"huggingface"])["info"]["features"]["noisy"]


def test_rows_can_be_read_without_torch(built, published):
    """As int16 samples, classes by their names, every column of the manifest."""
    wanted = {row["id"]: row for row in read_manifest(built) if row["split"] == "validation"}
    found = {row["id"]: row for row in rows(published, "validation")}

    assert set(found) == set(wanted)
    for name, row in found.items():
        assert row["noisy"].dtype == np.int16
        assert (row["noisy"].astype(int) - row["clean"] == row["noise"]).all()
        assert row["noise_class"] == wanted[name]["noise_class"]
        assert row["layers"] == wanted[name]["layers"]


def test_a_damaged_shard_is_told_by_name(published, tmp_path):
    """Whether its footer is read, or its rows."""
    shutil.copytree(published, tmp_path / "p")
    victim = sorted((tmp_path / "p/data").glob("test-*"))[0]
    (group, *_) = groups(tmp_path / "p", "test")
    victim.write_bytes(victim.read_bytes()[:-100])

    for read in (lambda: groups(tmp_path / "p", "test"), lambda: load(group)):
        with pytest.raises(InputError, match=rf"{victim.name}: not readable as Parquet .*again"):
            read()
