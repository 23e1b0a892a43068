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
from mn_dataset.errors import DatasetError, InputError, UnknownName
from mn_dataset.mix.manifest import TRIPLE, read_manifest
from mn_dataset.publish import layouts
from mn_dataset.publish import publish as make
from mn_dataset.publish.publish import publish
from mn_dataset.records import NOISE_CLASSES

datasets = pytest.importorskip("datasets", reason="the extra `publish` is not installed")
huggingface_hub = pytest.importorskip(
    "huggingface_hub", reason="the extra `publish` is not installed"
)


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


def test_a_stopped_publication_is_resumed(built, tmp_path, monkeypatch):
    """What was finished is not written again; the end is the same."""
    publish(built, tmp_path / "whole")
    written = []
    real = layouts.write

    def stops(out, shard, **options):
        if len(written) == 6:
            raise KeyboardInterrupt
        written.append(shard.path)
        return real(out, shard, **options)

    monkeypatch.setattr(make.layouts, "write", stops)
    with pytest.raises(KeyboardInterrupt):
        publish(built, tmp_path / "out")
    assert not (tmp_path / "out/publication.json").exists()
    first = list(written)
    (tmp_path / "out" / first[0]).write_bytes(b"damaged meanwhile")

    monkeypatch.setattr(
        make.layouts,
        "write",
        lambda out, shard, **options: written.append(shard.path) or real(out, shard, **options),
    )
    publish(built, tmp_path / "out")
    assert set(written[6:]) == {shard for shard in set(written) if shard not in first[1:]}
    assert len(written) == 6 + 15 - 5
    for path in (tmp_path / "whole").rglob("*"):
        if path.is_file():
            other = tmp_path / "out" / path.relative_to(tmp_path / "whole")
            assert other.read_bytes() == path.read_bytes(), path


def test_a_publication_in_place_of_another_leaves_nothing_of_it(built, tmp_path):
    """Shards that the new one does not have are gone; a second run changes nothing."""
    publish(built, tmp_path / "out", shard_bytes=2 * 3 * 66_150)
    record = publish(built, tmp_path / "out")

    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert files == {*record.files, "publication.json"}
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").iterdir()}
    publish(built, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").iterdir()} == times


def test_a_folder_of_something_else_is_left_alone(built, tmp_path):
    """Refused, by name."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(DatasetError, match="exists and is not a publication"):
        publish(built, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_other_data_under_a_published_version_are_refused(built, tmp_path):
    """In a folder as on the Hub."""
    publish(built, tmp_path / "out", recipe_only=True)
    record = (tmp_path / "out/publication.json").read_text()
    (tmp_path / "out/publication.json").write_text(
        record.replace('"pcm_sha256": "', '"pcm_sha256": "0', 1)
    )

    with pytest.raises(InputError, match=r"holds version 1\.0\.0 with pcm_sha256"):
        publish(built, tmp_path / "out", recipe_only=True)


@pytest.mark.parametrize(
    ("options", "error"),
    [({"layout": "parket"}, UnknownName), ({"audio_format": "mp3"}, InputError)],
)
def test_senseless_options_are_refused(built, tmp_path, options, error):
    """Before anything is made."""
    with pytest.raises(error):
        publish(built, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


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
