from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio import io
from mn_dataset.errors import DatasetError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.mix.verify import verify


@pytest.fixture
def dataset(tiny, tmp_path):
    recipes = draw(tiny, split="test", snr_db=(5,))
    return render(recipes, tiny, tmp_path / "dataset", rows=["0", "1", "2", "3"])


def kinds(dataset):
    return [(fault.kind, fault.file) for fault in verify(dataset)]


def test_a_sound_dataset_has_no_fault(dataset):
    """Proven: tables agree, files are there, samples hash, triples add up."""
    assert verify(dataset) == []


def test_a_missing_file_is_named(dataset):
    """By its path."""
    (dataset / "audio/test/000001.clean.wav").unlink()

    assert kinds(dataset) == [("missing", "audio/test/000001.clean.wav")]


def test_a_flipped_bit_is_found(dataset):
    """One bit of one sample."""
    path = dataset / "audio/test/000002.noise.wav"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(bytes(content))

    assert kinds(dataset) == [("changed", "audio/test/000002.noise.wav")]


def test_a_cut_file_is_found(dataset):
    """Cut in the middle, or written short with an honest header."""
    path = dataset / "audio/test/000000.noisy.wav"
    path.write_bytes(path.read_bytes()[:5000])
    short = dataset / "audio/test/000001.noisy.wav"
    io.write_wav(short, np.ones(100, np.int16), sampling_rate=44_100)

    assert kinds(dataset) == [
        ("truncated", "audio/test/000000.noisy.wav"),
        ("truncated", "audio/test/000001.noisy.wav"),
    ]


def test_an_extra_file_is_found(dataset):
    """What no recipe names does not belong."""
    (dataset / "audio/test/stray.wav").write_bytes(b"")

    assert kinds(dataset) == [("extra", "audio/test/stray.wav")]


@pytest.mark.parametrize(
    ("column", "value"), [("snr_db", 6.0), ("noise_gain", None), ("clean_id", "clean/other")]
)
def test_a_changed_manifest_is_found(dataset, column, value):
    """Recipes and manifest contradict each other."""
    path = dataset / "manifest.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0] |= {column: value} if value is not None else {"snr_db_achieved": float("nan")}
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    assert ("contradiction", "manifest.parquet") in kinds(dataset)


@pytest.mark.parametrize("column", ["snr_power_db", "snr_lufs_db", "peak_dbfs"])
def test_a_changed_measurement_is_found(dataset, column):
    """What the manifest says was measured is measured again."""
    path = dataset / "manifest.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0][column] += 0.5
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    assert kinds(dataset) == [("contradiction", "manifest.parquet")]


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("manifest", "noise_gain", 0.123),
        ("manifest", "mix_gain", 0.5),
        ("sources", "license", "CC-BY-4.0"),
        ("sources", "license", ""),
        ("sources", "pcm_sha256", "0" * 64),
    ],
)
def test_what_nothing_else_repeats_is_found_changed(dataset, name, column, value):
    """Gains, licences, hashes of sources: the card states the SHA-256 of every table."""
    path = dataset / f"{name}.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[0][column] = value
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    assert kinds(dataset) == [("changed", f"{name}.parquet")]


def test_the_card_of_an_older_dataset_states_no_hashes(dataset):
    """What it does not state is not missed."""
    card = dataset / "README.md"
    card.write_text(card.read_text("utf-8").partition("\n## Tables\n")[0], "utf-8")

    assert verify(dataset) == []


def test_changed_sources_and_strays_are_found(dataset):
    """A row that is missing from the sources, a lost card, a stray file beside the audio."""
    path = dataset / "sources.parquet"
    pq.write_table(pq.read_table(path)[1:], path)
    (dataset / "README.md").unlink()
    (dataset / "notes.txt").write_text("mine")

    assert kinds(dataset) == [
        ("contradiction", "sources.parquet"),
        ("extra", "notes.txt"),
        ("missing", "README.md"),
    ]


def test_an_unfinished_folder_is_no_dataset(dataset):
    """The message says how to finish it."""
    (dataset / "manifest.parquet").unlink()

    with pytest.raises(DatasetError, match="unfinished"):
        verify(dataset)
    with pytest.raises(DatasetError, match="not a dataset"):
        verify(dataset / "audio")
