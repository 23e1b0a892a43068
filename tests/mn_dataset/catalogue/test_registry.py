"""Corpora are known by name: one file each."""

from __future__ import annotations

import pytest

from mn_dataset import tables
from mn_dataset.catalogue import registry
from mn_dataset.catalogue.registry import metadata_folder
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
