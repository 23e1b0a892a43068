"""What a card counts: levels of SNR, composition, hours, limits."""

from __future__ import annotations

from mn_dataset.publish.selection import select
from mn_dataset.publish.statistics import (
    attributions,
    audit,
    cells,
    composition,
    definitions,
    hours,
    license_table,
    limits,
    names,
)
from mn_dataset.tasks.facets import named, numeric
from mn_dataset.tasks.registry import find

DENOISE = find("denoise")


def levels(values):
    rows = [{"id": f"{number:03d}", "snr_db": value} for number, value in enumerate(values)]
    return list(names(rows, numeric(DENOISE.facets)).values())


def test_few_levels_are_named_as_they_are_and_many_by_five_decibels():
    """In ascending order; a mixture without one comes last."""
    assert levels([10.0, -5.0, None, 0.25]) == ["-5", "0.25", "10", "none"]
    many = [number / 2 for number in range(-4, 20)]
    assert list(dict.fromkeys(levels(many))) == ["-5 … 0", "0 … 5", "5 … 10"]


def test_tables_count_every_mixture_once(built):
    """By split, SNR, category and class; by split; by licence."""
    rows = select(built).rows
    cells = composition(rows, DENOISE)

    assert cells[0][:3] == ["split", "SNR in dB", "music category"]
    assert len(cells[0]) == 3 + 5
    assert sum(int(cell) for line in cells[1:] for cell in line[3:]) == 45
    assert [line[:2] for line in hours(rows, DENOISE)[1:]] == [
        ["train", "15"], ["validation", "15"], ["test", "15"],
    ]  # fmt: skip
    assert license_table(rows)[1:] == [["CC0-1.0", "45"]]
    assert definitions(rows, DENOISE) == "`power`, 5 dB"


def test_facets_are_rows_and_the_last_is_the_columns(built):
    """Of one facet there is a column of counts; what has no label comes last."""
    rows = [
        row | {"music_category": None} if row["split"] == "test" else row
        for row in select(built).rows
    ]
    (classes, *_) = DENOISE.facets

    assert cells(rows, named(DENOISE.facets))[::3] == [
        ["music category", "electrical", "crowd", "weather", "traffic", "stationary"],
        ["song", "2", "2", "2", "2", "2"],
    ]
    assert cells(rows, named(DENOISE.facets))[-1] == ["none", "3", "3", "3", "3", "3"]
    assert cells(rows, [classes])[:2] == [["noise class", "mixtures"], ["electrical", "9"]]


def test_recordings_that_two_splits_share_are_told(built):
    """Those that the manifest mixes in both; otherwise that there are none."""
    selection = select(built)
    assert audit(selection)[-1].startswith("now, over the ")

    first = selection.rows[0]
    moved = next(row for row in selection.rows if row["split"] != first["split"])
    moved["layers"] = first["layers"]
    name = first["layers"][0]["source_id"]
    assert any(f"{name} is mixed in " in line for line in audit(selection))


def test_what_is_less_than_ideal_is_counted(licensed):
    """Recordings without a licence that is known, or without anybody to name."""
    selection = select(licensed(noise="", clean="CC-BY-4.0"))
    noises = sum(name.startswith("noise/") for name in selection.sources)

    assert f"{noises} recordings state no licence that is known" in limits(selection)
    assert list(attributions(selection)) == ["CC-BY-4.0", "unknown"]
