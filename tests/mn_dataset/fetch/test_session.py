"""Cells without a recording are filled from the embedded corpus, on request."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import UnknownName
from mn_dataset.fetch.pinned import fetch_pinned
from mn_dataset.records import ROLES, SPLITS
from mn_dataset.tables import CATEGORIES


def read(folder, role):
    return tables.read_table(tables.table_path(folder, role), role)


def with_every_cell(rows, *, but):
    """Return tables with one row in every category and split but some, all of one cut each."""
    found = {}
    for role in ROLES:
        cells = [(name, split) for name in CATEGORIES[role] for split in SPLITS]
        found[role] = [
            replace(
                rows[role][0], id=f"{role}/{a}/{b}", file=f"{role}/{a}/{b}.wav", category=a, split=b
            )
            for a, b in cells
            if (a, b) not in but
        ]
    return found


def test_empty_cells_are_filled_from_the_embedded_corpus(fetch_request, sample):
    """Marked in every row, in a namespace of its own; a later run without it removes them."""
    rows = with_every_cell(sample.rows, but={("harp", "test"), ("stationary", "validation")})
    asked = replace(fetch_request, fill="synthetic")
    account = fetch_pinned(rows, asked)
    found = {row.id: row for role in ROLES for row in read(fetch_request.folder, role)}
    embedded = {name: row for name, row in found.items() if "/synthetic/" in name}

    assert account.complete
    assert list(embedded) == [
        "clean/synthetic/harp/07",
        "clean/synthetic/harp/08",
        "noise/synthetic/stationary/03",
        "noise/synthetic/stationary/04",
    ]
    for row in embedded.values():
        assert dict(row.further)["origin"] == "synthetic"
        assert row.source.startswith("synthetic: ")
        assert (row.license, row.attribution) == ("CC0-1.0", "The M&N toolkit (synthetic)")
    assert set(open_corpus(fetch_request.folder).sources) == set(found)
    assert fetch_pinned(rows, asked).num_made == 0

    assert "4 recordings removed" in "\n".join(fetch_pinned(rows, fetch_request).lines())
    assert not list(fetch_request.folder.rglob("synthetic"))


def test_a_corpus_is_filled_from_nothing_else(get):
    """With the nearest suggestion."""
    with pytest.raises(UnknownName, match="did you mean 'synthetic'"):
        get(fill="sinthetic")
