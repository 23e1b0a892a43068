"""AudioFolder and WebDataset, by the Hub's conventions; and a folder that is resumed."""

from __future__ import annotations

import io
import json
import tarfile

import numpy as np
import pyarrow.parquet as pq
import pytest
import soundfile

from mn_dataset.audio import io as audio_io
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.publish.publish import publish
from mn_dataset.records import NOISE_CLASSES

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
huggingface_hub = pytest.importorskip(
    "huggingface_hub", reason="the extra `publish` is not installed"
)

TRIPLE = ("noisy", "clean", "noise")


@pytest.fixture(scope="module")
def truth(built):
    return {row["id"]: row for row in read_manifest(built)}


def test_audiofolder_names_its_files_beside_them(built, truth, tmp_path):
    """`noisy_file_name` and so on, in a table of the same features everywhere."""
    publish(built, tmp_path / "out", layout="audiofolder", audio_format="wav")

    tables = sorted((tmp_path / "out/data").glob("*/metadata.parquet"))
    assert len(tables) == 15
    found = set()
    for path in tables:
        features = datasets.Features.from_arrow_schema(pq.read_schema(path))
        assert features["noise_class"] == datasets.ClassLabel(names=list(NOISE_CLASSES))
        for row in pq.read_table(path).to_pylist():
            for part in TRIPLE:
                samples = audio_io.read_pcm(
                    path.parent / row[f"{part}_file_name"], sampling_rate=44_100
                )
                assert audio_io.pcm_sha256(samples) == truth[row["id"]][f"{part}_sha256"]
            found.add(row["id"])
    assert found == set(truth)


def test_webdataset_keeps_a_sample_s_files_together(built, truth, tmp_path):
    """KEY.noisy.flac, KEY.clean.flac, KEY.noise.flac, KEY.json, the same bytes every time."""
    publish(built, tmp_path / "out", layout="webdataset")
    publish(built, tmp_path / "again", layout="webdataset")

    found = set()
    for path in sorted((tmp_path / "out/data").iterdir()):
        assert path.read_bytes() == (tmp_path / "again/data" / path.name).read_bytes()
        with tarfile.open(path) as tar:
            members = {member.name: tar.extractfile(member).read() for member in tar}
        keys = list(dict.fromkeys(name.partition(".")[0] for name in members))
        assert list(members) == [
            f"{key}.{part}"
            for key in keys
            for part in ("noisy.flac", "clean.flac", "noise.flac", "json")
        ]
        for key in keys:
            row = json.loads(members[f"{key}.json"])
            samples, _ = soundfile.read(io.BytesIO(members[f"{key}.noisy.flac"]), dtype="int16")
            assert audio_io.pcm_sha256(samples) == truth[row["id"]]["noisy_sha256"]
            assert row["noise_class"] == truth[row["id"]]["noise_class"]
            found.add(row["id"])
    assert found == set(truth)
    configs = huggingface_hub.DatasetCard.load(tmp_path / "out/README.md").data["configs"]
    assert configs[0]["data_files"][0] == {"split": "train", "path": "data/train-*.tar"}


@pytest.mark.parametrize("layout", ["parquet", "audiofolder", "webdataset"])
@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_decodes_every_form(built, truth, tmp_path, layout, streaming):
    """By torchcodec, to the very samples; a noise class is a configuration in each."""
    pytest.importorskip("torchcodec", reason="`datasets` decodes audio with torchcodec alone")
    publish(built, tmp_path / "out", layout=layout)

    seen = set()
    for split in datasets.load_dataset(str(tmp_path / "out"), streaming=streaming).values():
        for row in split:
            name = (row.get("json") or row)["id"]
            for part in TRIPLE:
                decoder = row[f"{part}.flac" if layout == "webdataset" else part]
                samples = np.rint(decoder["array"] * 32_768).astype(np.int16)
                assert audio_io.pcm_sha256(samples) == truth[name][f"{part}_sha256"]
            seen.add(name)
    assert seen == set(truth)
    crowd = datasets.load_dataset(str(tmp_path / "out"), "crowd", streaming=True)
    assert sum(1 for split in crowd.values() for _ in split) == 9
