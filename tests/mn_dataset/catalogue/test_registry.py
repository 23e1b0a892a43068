"""Corpora are known by name: one file each."""

from __future__ import annotations

import dataclasses
import json

import pytest

from mn_dataset import tables
from mn_dataset.catalogue import registry
from mn_dataset.catalogue.metadata import metadata_folder
from mn_dataset.catalogue.overview import survey
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.records import ROLES


@pytest.fixture(params=registry.names())
def spec(request):
    return registry.find(request.param)


def test_open_and_synthetic_are_known():
    """The folder is the registry."""
    assert {"open", "synthetic"} <= set(registry.names())


def test_every_corpus_describes_itself(spec):
    """By the name of its file, in a sentence, with tables that the schema accepts."""
    rows = spec.rows()

    assert spec.name in registry.names()
    assert spec.description
    assert not spec.description.endswith(".")
    for role in ROLES:
        assert list(tables.problems(rows[role], role)) == []
    ids = [row.id for role in ROLES for row in rows[role]]
    files = [row.file for role in ROLES for row in rows[role]]
    assert len(set(ids)) == len(set(files)) == len(ids)


def test_an_unknown_corpus_is_suggested():
    """Nearest first."""
    with pytest.raises(UnknownName, match="unknown corpus 'opne'; did you mean 'open'"):
        registry.find("opne")


def test_an_incomplete_installation_is_told():
    """Metadata are part of the package."""
    with pytest.raises(InputError, match=r"metadata/nowhere: no such folder; .* install"):
        metadata_folder("nowhere")


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
        assert len({len(line) for line in lines[1:]}) == 1


def test_the_survey_tells_what_is_here(tmp_path):
    """Files that the tables name, and the tables themselves."""
    (tmp_path / "open/clean/song").mkdir(parents=True)
    (tmp_path / "open/clean/song/coulton_better.wav").touch()
    overview = next(item for item in survey(tmp_path) if item.name == "open")

    assert overview.here == 1
    assert not dataclasses.replace(overview, has_tables=True).lines()[1].endswith("`")
