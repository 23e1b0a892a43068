from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.errors import InputError
from mn_dataset.records import ROLES, SAMPLING_RATE, SPLITS
from mn_dataset.split.assign import assign
from mn_dataset.split.audit import leaks
from mn_dataset.split.groups import components
from mn_dataset.split.split import split_folder
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


def place(root: Path, row: str, split: str) -> None:
    rows = tables.parse_table(root / "clean.csv")
    changed = [r.with_split(split) if r.id == row else r for r in rows]
    tables.write_table(root / "clean.csv", changed)


def test_the_stated_split_is_kept_and_its_leak_is_told(leaking):
    """By what is heard: the tables declare nothing."""
    found = split_folder(leaking)

    assert [leak.severe for leak in found.stated] == [True]
    assert "near-duplicate (shift" in str(found.stated[0])
    assert found.leaks == found.stated


def test_a_split_assigned_anew_stands_beside_the_audit_of_the_stated_one(leaking):
    """What leaked is named, what is proposed does not."""
    found = split_folder(leaking, reassign=True, workers=2)
    split = {row.id: row.split for row in found.rows["clean"]}

    assert len(found.stated) == 1
    assert found.leaks == []
    assert split["clean/song_train_1"] == split["clean/song_test_0"]


def test_an_empty_split_joins_the_take_that_is_placed(leaking):
    """The copy goes where its take is."""
    place(leaking, "clean/song_test_0", "")
    found = split_folder(leaking)
    split = {row.id: row.split for row in found.rows["clean"]}

    assert found.stated == found.leaks == []
    assert split["clean/song_test_0"] == "train"


@pytest.mark.parametrize("ratios", [(1.0,), (0, 0, 0), (1, -1, 1), (1, float("nan"), 1)])
def test_ratios_have_to_make_sense_even_when_nothing_is_empty(tiny_folder, ratios):
    """What is asked is judged, needed or not."""
    with pytest.raises(InputError, match="expected three shares"):
        split_folder(tiny_folder, ratios=ratios)


def test_tables_without_audio_are_audited_by_what_they_declare():
    """The published tables: the official split stays, with nothing to say against it."""
    found = split_folder(METADATA)

    assert found.leaks == found.stated == []
    for role in ROLES:
        assert found.rows[role] == tables.read_table(METADATA / f"{role}.csv", role)


def test_counts_are_per_category_and_split(tiny_folder):
    """Two of each in each."""
    counts = split_folder(tiny_folder).counts()

    assert counts["piano"] == {"train": 2, "validation": 2, "test": 2}
    assert len(counts) == 8


def test_a_clip_that_is_also_a_noise_is_told(leaking):
    """Across the tables, whatever the splits."""
    rows = tables.parse_table(leaking / "noise.csv")
    file = "clean/piano_train_0.wav"
    rows.append(Row(id="noise/same", file=file, category="crowd", split="train"))
    tables.write_table(leaking / "noise.csv", rows)
    found = split_folder(leaking)

    assert any(leak.both_roles and leak.severe for leak in found.leaks)


def rows(*groups: str, category: str = "piano") -> list[Row]:
    return [
        Row(id=f"clean/{number}", file=f"{number}.wav", category=category, group=group)
        for number, group in enumerate(groups)
    ]


@given(st.lists(st.sampled_from(["", "a", "b", "c", "d", "e"]), min_size=1), st.integers(0, 9))
@settings(max_examples=100, deadline=None)
def test_a_group_is_never_parted(groups, seed):
    """Whatever the groups and the seed, the audit of an assigned split finds nothing."""
    placed = assign(rows(*groups), seed=seed)

    assert leaks(placed) == []
    assert all(row.split in SPLITS for row in placed)


@pytest.mark.parametrize("size", [3, 4, 10, 50])
def test_a_category_with_three_groups_is_in_every_split(size):
    """Small categories are served as well."""
    placed = assign(rows(*[""] * size))

    assert set(Counter(row.split for row in placed)) == set(SPLITS)


def test_shares_are_met_within_each_category():
    """Stratified: eight, one and one of ten, in both categories."""
    table = rows(*[""] * 10) + [
        Row(id=f"clean/h{number}", file=f"h{number}.wav", category="harp") for number in range(10)
    ]
    placed = assign(table)

    for category in ("piano", "harp"):
        count = Counter(row.split for row in placed if row.category == category)
        assert count == {"train": 8, "validation": 1, "test": 1}


def test_identical_samples_stay_together():
    """Two rows of one recording are one group, though no group is declared."""
    table = rows("", "", "", "")
    placed = assign(table, pcm_sha256={"clean/0": "x", "clean/3": "x"})

    assert placed[0].split == placed[3].split


def test_a_stated_split_is_kept_and_draws_its_group_along():
    """Only what is empty is assigned."""
    table = rows("a", "a", "b", "c")
    table[0] = table[0].with_split("test")
    placed = assign(table)

    assert placed[0].split == placed[1].split == "test"


def test_contradicting_stated_splits_are_named():
    """A group that the table itself parts cannot be completed."""
    table = [rows("a")[0].with_split("test"), *rows("a", "a")[1:]]
    table.append(Row(id="clean/9", file="9.wav", category="piano", group="a", split="train"))

    with pytest.raises(InputError, match="stand in test and train"):
        assign(table)


def test_ratios_have_to_make_sense():
    """Three shares, none negative."""
    with pytest.raises(InputError, match="expected three shares"):
        assign(rows(""), ratios=(1.0,))


def test_chains_of_keys_join():
    """a–b by one key and b–c by another are one component."""
    assert components({"a": ["1"], "b": ["1", "2"], "c": ["2"], "d": []}) == [
        ["a", "b", "c"],
        ["d"],
    ]


def test_a_leak_within_a_category_is_severe_and_across_categories_is_told():
    """One tune on two instruments is not one recording."""
    train, test = rows("g", "g")
    within = leaks([train.with_split("train"), test.with_split("test")])
    harp = Row(id="clean/h", file="h.wav", category="harp", group="g", split="test")
    across = leaks([train.with_split("train"), harp])

    assert [leak.severe for leak in within] == [True]
    assert [leak.severe for leak in across] == [False]


def test_identical_samples_in_two_splits_are_severe_across_categories_too():
    """The same recording under two names is a leak whatever it is called."""
    harp = Row(id="clean/h", file="h.wav", category="harp", split="test")
    found = leaks([rows("")[0].with_split("train"), harp], {"clean/0": "x", "clean/h": "x"})

    assert [leak.severe for leak in found] == [True]
    assert "clean/h (test)" in str(found[0])


def test_a_folder_is_split_without_touching_it(damaged):
    """Tables are written only where they are told to be."""
    root = damaged("clean", 2, split="")
    before = (root / "clean.csv").read_bytes()
    found = split_folder(root, seed=3)

    assert (root / "clean.csv").read_bytes() == before
    assert all(row.split for row in found.rows["clean"])
    found.write(root)
    assert read_table(root / "clean.csv", "clean") == found.rows["clean"]
