"""Corpora are opened and fetched by name."""

from __future__ import annotations

import pytest

from mn_dataset.catalogue.load import fetch, load_corpus
from mn_dataset.errors import InputError, UnknownName


def test_a_known_corpus_that_is_not_there_tells_how_to_get_it(tmp_path, monkeypatch):
    """By name, from the folder of the corpora; half a one is none."""
    with pytest.raises(InputError, match=r"open: the corpus open is not there, .*: mn fetch open"):
        load_corpus("open", root=tmp_path)
    (tmp_path / "corpora/open").mkdir(parents=True)
    (tmp_path / "corpora/open/clean.csv").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"corpora/open: the corpus open is not there, or not"):
        load_corpus("open")


def test_a_name_opens_what_was_fetched(tmp_path, tiny_folder, tiny):
    """A folder of that name is meant only when it is written as a path."""
    (tmp_path / "open").symlink_to(tiny_folder)

    assert load_corpus("open", root=tmp_path).hash == tiny.hash
    assert load_corpus(tmp_path / "open").hash == tiny.hash


def test_neither_a_name_nor_a_folder_is_suggested(tmp_path):
    """Nearest first, and what is expected."""
    with pytest.raises(InputError, match=r"opn: no such folder; did you mean 'open'\? Expected a"):
        load_corpus("opn")


def test_an_unknown_corpus_cannot_be_fetched(tmp_path):
    """And leaves nothing behind."""
    with pytest.raises(UnknownName, match="did you mean 'synthetic'"):
        fetch("synthtic", root=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_fetching_writes_the_account_beside_the_corpus(tmp_path):
    """By row, also when nothing could be had."""
    (tmp_path / "empty").mkdir()
    account = fetch("open", root=tmp_path / "corpora", origin=str(tmp_path / "empty"))
    lines = (tmp_path / "corpora/open.account.csv").read_text(encoding="utf-8").splitlines()

    assert not account.has_tables
    assert len(lines) == 1 + len(account.items) == 1 + 90
