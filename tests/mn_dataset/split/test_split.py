"""A folder is split by what its tables say and its audio holds, and written where it is asked."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import mn_dataset
from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.errors import InputError
from mn_dataset.files.lock import LOCK_NAME
from mn_dataset.records import ROLES, SAMPLING_RATE, SPLITS
from mn_dataset.split.split import split
from mn_dataset.tables import Row, read_table

METADATA = Path(__file__).parents[3] / "metadata" / "mn"


@pytest.fixture
def leaking(tiny_folder: Path, tmp_path: Path) -> Path:
    """The small corpus, in which a test clip is a training clip, shifted and softer."""
    root = tmp_path / "leaking"
    shutil.copytree(tiny_folder, root)
    samples = io.read_pcm(root / "clean" / "song_train_1.wav", sampling_rate=SAMPLING_RATE)
    copy = samples[12_345:] // 3
    io.write_wav(root / "clean" / "song_test_0.wav", copy, sampling_rate=SAMPLING_RATE)
    return root


def state(root: Path, row: str, split: str) -> None:
    rows = tables.parse_table(root / "clean.csv")
    changed = [r.with_split(split) if r.id == row else r for r in rows]
    tables.write_table(root / "clean.csv", changed)


def test_the_stated_split_is_kept_and_its_leak_is_told(leaking):
    """By what is heard: the tables declare nothing."""
    found = split(leaking)

    assert [leak.severe for leak in found.stated] == [True]
    assert "near-duplicate (shift" in str(found.stated[0])
    assert found.leaks == found.stated


def test_a_split_assigned_anew_stands_beside_the_audit_of_the_stated_one(leaking):
    """What leaked is named, what is proposed does not."""
    found = split(leaking, reassign=True, workers=2)
    splits = {row.id: row.split for row in found.rows["clean"]}

    assert len(found.stated) == 1
    assert found.leaks == []
    assert splits["clean/song_train_1"] == splits["clean/song_test_0"]


def test_an_empty_split_joins_the_take_that_is_placed(leaking):
    """The copy goes where its take is."""
    state(leaking, "clean/song_test_0", "")
    found = split(leaking)
    splits = {row.id: row.split for row in found.rows["clean"]}

    assert found.stated == found.leaks == []
    assert splits["clean/song_test_0"] == "train"


@pytest.mark.parametrize("ratios", [(1.0,), (0, 0, 0), (1, -1, 1), (1, float("nan"), 1)])
def test_ratios_have_to_make_sense_even_when_nothing_is_empty(tiny_folder, ratios):
    """What is asked is judged, needed or not."""
    with pytest.raises(InputError, match="expected three shares"):
        split(tiny_folder, ratios=ratios)


def test_tables_without_audio_are_audited_by_what_they_declare():
    """The published tables: the official split stays, with nothing to say against it."""
    found = split(METADATA)

    assert found.leaks == found.stated == []
    for role in ROLES:
        assert found.rows[role] == tables.read_table(METADATA / f"{role}.csv", role)


def test_counts_are_per_category_and_split(tiny_folder):
    """Two of each in each."""
    counts = split(tiny_folder).counts()

    assert counts["piano"] == {"train": 2, "validation": 2, "test": 2}
    assert len(counts) == 8


def test_a_clip_that_is_also_a_noise_is_told(leaking):
    """Across the tables, whatever the splits."""
    rows = tables.parse_table(leaking / "noise.csv")
    file = "clean/piano_train_0.wav"
    rows.append(Row(id="noise/same", file=file, category="crowd", split="train"))
    tables.write_table(leaking / "noise.csv", rows)
    found = split(leaking)

    assert any(leak.both_roles and leak.severe for leak in found.leaks)


def test_a_folder_is_split_without_touching_it(damaged):
    """Tables are written only where they are told to be."""
    root = damaged("clean", 2, split="")
    before = (root / "clean.csv").read_bytes()
    found = split(root, seed=3)

    assert (root / "clean.csv").read_bytes() == before
    assert all(row.split for row in found.rows["clean"])
    found.write(root)
    assert read_table(root / "clean.csv", "clean") == found.rows["clean"]
    assert not (root / LOCK_NAME).exists()


def test_the_package_is_called_by_the_name_of_the_function(tiny_folder):
    """``mn.split`` is what this module defines."""
    assert mn_dataset.split(tiny_folder).rows == split(tiny_folder).rows


def test_songs_are_split_whole_and_sung_ones_evenly(songs_folder, tmp_path):
    """Every split has one song that is not sung; a declared group draws songs together."""
    stated = tables.parse_table(songs_folder / "stems.csv")
    rows = [replace(row, group="band" if "_two" in row.song else "") for row in stated]
    for row in rows:
        (tmp_path / row.file).parent.mkdir(exist_ok=True)
        shutil.copy(songs_folder / row.file, tmp_path / row.file)
    tables.write_table(tmp_path / "stems.csv", rows)

    result = split(tmp_path, ratios=(1, 1, 1), reassign=True)
    result.write(tmp_path / "out")

    written = read_table(tmp_path / "out" / "stems.csv", "stem")
    assert not (tmp_path / "out" / "clean.csv").exists()
    assert result.leaks == []
    assert [row.split for row in written] == [row.split for row in result.rows["stem"]]
    instrumental = {row.song: row.split for row in written if row.song.endswith("_three")}
    assert sorted(instrumental.values()) == sorted(SPLITS)
    assert len({row.split for row in written if row.group == "band"}) == 1
