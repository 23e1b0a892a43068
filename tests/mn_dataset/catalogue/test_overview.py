"""What a corpus covers, and what it does not."""

from __future__ import annotations

import dataclasses
import json

from mn_dataset.catalogue import registry
from mn_dataset.catalogue.overview import coverage, describe, survey, uncovered
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SPLITS
from mn_dataset.tables import Row


def rows(*cells):
    """Build a table of (category, split, licence, origin)."""
    return [
        Row(
            id=f"clean/{number}",
            file=f"{number}.wav",
            category=category,
            split=split,
            license=license_id,
            duration_s="30",
            further=(("origin", origin),),
        )
        for number, (category, split, license_id, origin) in enumerate(cells)
    ]


def test_recordings_are_counted_by_category_licence_and_split():
    """In the schema's order; every recording in exactly one cell."""
    clean = rows(
        ("song", "test", "MIT", ""),
        ("piano", "train", "MIT", ""),
        ("piano", "train", "MIT", ""),
        ("piano", "test", "CC0-1.0", ""),
        ("piano", "", "MIT", ""),
    )
    found = coverage({"clean": clean, "noise": []})

    assert [(cell.category, cell.license, *cell.counts.values()) for cell in found] == [
        ("piano", "CC0-1.0", 0, 0, 1, 0),
        ("piano", "MIT", 2, 0, 0, 1),
        ("song", "MIT", 0, 0, 1, 0),
    ]
    assert sum(cell.duration_s for cell in found) == 150


def test_what_no_recording_covers_is_told():
    """Whole categories first; what is synthetic covers nothing; what has no split may yet."""
    clean = rows(
        *((name, split, "", "") for name in MUSIC_CATEGORIES[2:] for split in SPLITS),
        ("piano", "train", "", ""),
        ("piano", "test", "", "synthetic"),
        ("drum_kit", "", "", ""),
    )
    noise = rows(*((name, "train", "", "synthetic") for name in NOISE_CLASSES[:1]))
    holes = uncovered({"clean": clean, "noise": noise})

    assert [hole.category for hole in holes] == ["piano", *NOISE_CLASSES]
    assert describe(holes) == (
        f"not covered by recordings: {', '.join(NOISE_CLASSES)}, piano (validation, test)"
    )


def test_nothing_to_tell_is_nothing():
    """And nothing but synthetic audio is said shortly."""
    assert describe([]) == ""
    everything = uncovered({"clean": [], "noise": []})
    assert describe(everything) == "no category is covered by a recording"


def test_the_survey_counts_every_corpus(tmp_path):
    """Recordings add up to the rows; nothing is here yet; a program can read it."""
    found = {overview.name: overview for overview in survey(tmp_path)}

    assert list(found) == registry.names()
    for overview in found.values():
        assert sum(sum(cell.counts.values()) for cell in overview.cells) == overview.num_rows
        assert (overview.here, overview.has_tables) == (0, False)
        assert f"get it with `mn fetch {overview.name}`" in "\n".join(overview.lines())
        assert json.loads(json.dumps(overview.as_dict()))["num_rows"] == overview.num_rows
        lines = [line for line in overview.lines() if "minutes" in line or "CC" in line]
        assert len({len(line) for line in lines[1:]}) <= 1


def test_the_survey_tells_what_is_here(tmp_path):
    """Files that the tables name, and the tables themselves."""
    (tmp_path / "open/clean/song").mkdir(parents=True)
    (tmp_path / "open/clean/song/coulton_better.wav").touch()
    overview = next(item for item in survey(tmp_path) if item.name == "open")

    assert overview.here == 1
    assert not dataclasses.replace(overview, has_tables=True).lines()[1].endswith("`")
