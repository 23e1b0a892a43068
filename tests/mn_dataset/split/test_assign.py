"""Groups stay whole, shares are met, and what the tables state is kept."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset.errors import InputError
from mn_dataset.records import SPLITS
from mn_dataset.split.assign import assign, components
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row


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
