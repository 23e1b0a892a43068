"""The published tables, restated: judged against what the authors published."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from mn_dataset import tables
from mn_dataset.records import NOISE_CLASSES, SPLITS
from mn_dataset.split.assign import assign
from mn_dataset.split.audit import leaks

METADATA = Path(__file__).parents[2] / "metadata" / "mn"


@pytest.fixture(scope="module")
def clean():
    return tables.read_table(METADATA / "clean.csv", "clean")


@pytest.fixture(scope="module")
def noise():
    return tables.read_table(METADATA / "noise.csv", "noise")


def published(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_published_clip_is_there(clean, upstream):
    """1235 rows in upstream's order, with its nine categories (one had a trailing blank)."""
    names = {"Drum kit": "drum_kit", "Multi-instrument": "multi_instrument"}
    expected = [
        (
            f"clean/{row['Audio']}",
            names.get(row["Type"].strip(), row["Type"].strip().lower().replace(" ", "_")),
            {"val": "validation"}.get(row["Split"], row["Split"]),
            row["Source"],
        )
        for row in published(upstream / "Clean music recording metadata.csv")
    ]

    assert [(row.file, row.category, row.split, row.source) for row in clean] == expected
    assert len(clean) == 1235
    assert len({row.category for row in clean}) == 9


def test_fair_play_clips_carry_their_address_and_hash(clean, upstream):
    """1033 of the clips can be proven against the hashes of FAIR-Play's own files."""
    hashes = {row["file"]: row["sha256"] for row in published(upstream / "fairplay.csv")}
    ours = [row for row in clean if row.source == "Fair-Play"]

    assert len(ours) == 1033
    assert all(row.sha256 == hashes[Path(row.url).name] for row in ours)
    assert all(Path(row.url).name == Path(row.file).name for row in ours)
    assert {row.license for row in ours} == {"CC-BY-4.0"}


def test_every_published_noise_is_there(noise, upstream):
    """42 rows, 970 seconds and not the 1000 that are claimed."""
    expected = []
    for row in published(upstream / "Noise recording metadata.csv"):
        minutes, seconds = row["Duration(mm:ss)"].split(":")
        name = row["Type"].removesuffix(" noise").lower()
        expected.append((f"noise/{row['Audio']}", name, str(60 * int(minutes) + int(seconds))))

    assert [(row.file, row.category, row.duration_s) for row in noise] == expected
    assert len(noise) == 42
    assert sum(float(row.duration_s) for row in noise) == 970


def test_noise_has_a_split_that_upstream_lacks(noise):
    """Grouped by DEMAND environment, every class in every split."""
    splits = defaultdict(set)
    for row in noise:
        splits[row.category].add(row.split)

    assert leaks(noise) == []
    assert all(splits[name] == set(SPLITS) for name in NOISE_CLASSES)
    groups = Counter(row.group for row in noise if row.group)
    assert groups["DEMAND-NRIVER"] == groups["DEMAND-STRAFFIC"] == 2
    assert groups.total() == sum("DEMAND" in row.source for row in noise) == 9


def test_the_noise_split_is_what_its_command_gives(noise):
    """metadata/README.md names the command: ratios 0.6 0.2 0.2, seed 0."""
    again = assign([row.with_split("") for row in noise], ratios=(0.6, 0.2, 0.2), seed=0)

    assert again == noise
