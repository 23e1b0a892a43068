from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import tables
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.errors import InputError
from mn_dataset.records import SPLITS
from mn_dataset.split.assign import assign
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

METADATA = Path(__file__).parents[3] / "metadata" / "mn"


def clips(*splits: str, category: str = "piano") -> list[Row]:
    return [
        Row(id=f"clean/{number}", file=f"{number}.wav", category=category, split=split)
        for number, split in enumerate(splits)
    ]


def near(first: int, second: int) -> Pair:
    return Pair(f"clean/{first}", f"clean/{second}", shift_s=3.21, score=0.714)


def test_a_near_duplicate_in_two_splits_is_severe_and_says_how_near():
    """Even across categories: one take under two labels is one take."""
    rows = clips("train", "test")
    rows[1] = replace(rows[1], category="harp")
    found = leaks(rows, pairs=[near(0, 1)])

    assert [leak.severe for leak in found] == [True]
    assert str(found[0]) == (
        "near-duplicate (shift 3.2 s, score 0.71) is in more than one split: "
        "clean/0 (train), clean/1 (test)"
    )


def test_a_common_background_is_told_and_not_refused():
    """Two thunders in one rain are two takes; they join nothing else."""
    rows = clips("train", "test", "train")
    found = leaks(rows, pairs=[replace(near(0, 1), correlation=0.08)])

    assert [(leak.severe, leak.near, leak.faint) for leak in found] == [(False, True, True)]
    assert str(found[0]) == (
        "a common background (shift 3.2 s, score 0.71, correlation 0.08) is in more than one "
        "split: clean/0 (train), clean/1 (test)"
    )


def test_near_duplicates_within_one_split_are_no_leak():
    """Nothing is on two sides."""
    assert leaks(clips("train", "train", "test"), pairs=[near(0, 1)]) == []


def test_two_splits_that_a_row_without_a_split_links_do_leak():
    """The link itself is in no split, and is named."""
    found = leaks(clips("train", "", "test"), pairs=[near(0, 1), near(1, 2)])

    assert [leak.severe for leak in found] == [True]
    assert "a chain of" in str(found[0])
    assert "clean/1 (no split)" in str(found[0])


def test_a_pair_is_named_in_a_larger_company():
    """Of several pairs across the border the surest."""
    rows = clips("train", "train", "test")
    weak = Pair("clean/0", "clean/2", shift_s=1.0, score=0.2)
    found = leaks(rows, pairs=[near(0, 1), weak, near(1, 2)])

    assert "near-duplicate (clean/1 and clean/2, shift 3.2 s, score 0.71)" in str(found[0])


def test_a_group_across_categories_is_told_until_a_take_crosses_too():
    """The near-duplicate is what makes it severe."""
    rows = [replace(row, group="g") for row in clips("train", "test")]
    rows[1] = replace(rows[1], category="harp")

    assert [leak.severe for leak in leaks(rows)] == [False]
    assert [leak.severe for leak in leaks(rows, pairs=[near(0, 1)])] == [True]
    assert str(leaks(rows, pairs=[near(0, 1)])[0]).startswith("group g and near-duplicate (")


@pytest.mark.parametrize("pcm", [{}, {"clean/0": "x", "noise/0": "x"}])
def test_a_recording_that_is_both_a_clip_and_a_noise_is_severe(pcm):
    """In whatever splits: one of the tables is wrong."""
    noise = Row(id="noise/0", file="n.wav", category="crowd", split="train")
    pairs = [] if pcm else [Pair("clean/0", "noise/0", shift_s=0.0, score=0.9)]
    found = leaks([*clips("train"), noise], pcm, pairs)

    assert [leak.severe for leak in found] == [True]
    assert "is both a clip and a noise: clean/0 (train), noise/0 (train)" in str(found[0])


def test_a_group_of_one_name_in_both_tables_joins_nothing():
    """A session may give clips and noises; they are of two tables."""
    noise = Row(id="noise/0", file="n.wav", category="crowd", split="test", group="session")
    clip = replace(clips("train")[0], group="session")

    assert leaks([clip, noise]) == []


def test_a_leak_within_a_category_is_severe_and_across_categories_is_told():
    """One tune on two instruments is not one recording."""
    train, test = (replace(row, group="g") for row in clips("", ""))
    within = leaks([train.with_split("train"), test.with_split("test")])
    harp = Row(id="clean/h", file="h.wav", category="harp", group="g", split="test")
    across = leaks([train.with_split("train"), harp])

    assert [leak.severe for leak in within] == [True]
    assert [leak.severe for leak in across] == [False]


def test_identical_samples_in_two_splits_are_severe_across_categories_too():
    """The same recording under two names is a leak whatever it is called."""
    harp = Row(id="clean/h", file="h.wav", category="harp", split="test")
    found = leaks([clips("")[0].with_split("train"), harp], {"clean/0": "x", "clean/h": "x"})

    assert [leak.severe for leak in found] == [True]
    assert "clean/h (test)" in str(found[0])


PAIRS = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=12)


@given(PAIRS, st.lists(st.sampled_from(["", *SPLITS]), min_size=12, max_size=12), st.integers(0, 5))
@settings(max_examples=100, deadline=None)
def test_whatever_is_assigned_does_not_leak(numbers, stated, seed):
    """Or a row has to join rows that contradict each other, which is refused."""
    pairs = [near(first, second) for first, second in numbers if first != second]
    before = leaks(clips(*stated), pairs=pairs)
    try:
        placed = assign(clips(*stated), seed=seed, pairs=pairs)
    except InputError:
        assert before
        return

    assert leaks(placed, pairs=pairs) == before
    assert all(row.split == was for row, was in zip(placed, stated, strict=True) if was)
    assert leaks(assign(clips(*[""] * 12), seed=seed, pairs=pairs), pairs=pairs) == []


def test_a_chain_of_takes_is_one_group():
    """The first and the last share nothing, and still stay together."""
    chain = [near(first, second) for first, second in pairwise(range(6))]
    placed = assign(clips(*[""] * 12), pairs=chain)

    assert len({row.split for row in placed[:6]}) == 1
    assert {row.split for row in placed} == set(SPLITS)


def test_contradicting_splits_are_left_to_the_audit_when_nothing_is_empty():
    """Only an empty row that cannot be placed is refused; it is named."""
    rows = clips("train", "test")

    assert assign(rows, pairs=[near(0, 1)]) == rows
    with pytest.raises(InputError, match="clean/2 can join none of them"):
        assign(clips("train", "test", ""), pairs=[near(0, 1), near(1, 2)])


def test_two_microphones_of_one_environment_are_a_leak_in_the_published_table():
    """NRIVER and STRAFFIC, each on two microphones: put on two sides, both are found.

    Upstream states no splits for noises, and says the environment only in its source.
    """
    noise = tables.read_table(METADATA / "noise.csv", "noise")
    sides = {"noise/000021": "train", "noise/000022": "test"}  # NRIVER, channels 16 and 1
    sides |= {"noise/000030": "validation", "noise/000031": "train"}  # STRAFFIC, 1 and 14
    found = leaks([row.with_split(sides.get(row.id, row.split)) for row in noise])

    assert [leak.reason for leak in found] == ["group DEMAND-NRIVER", "group DEMAND-STRAFFIC"]
    assert all(leak.severe for leak in found)
    assert {row.id for leak in found for row in leak.rows} == set(sides)


def test_the_published_tables_themselves_do_not_leak_by_what_they_declare():
    """As stated; what their audio says is for those who have it."""
    stated = [tables.read_table(METADATA / f"{role}.csv", role) for role in ("clean", "noise")]

    assert leaks([row for rows in stated for row in rows]) == []
