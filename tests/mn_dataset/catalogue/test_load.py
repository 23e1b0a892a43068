"""Corpora are opened and fetched by name."""

from __future__ import annotations

import inspect
import os

import pytest

import mn_dataset.fetch
from mn_dataset.catalogue.load import fetch, load_corpus
from mn_dataset.errors import InputError, UnknownName
from mn_dataset.files.lock import owner


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
    assert len(lines) == 1 + len(account.rows) == 1 + 90


def test_the_package_is_called_as_the_function(tmp_path):
    """`mn_dataset.fetch` is a package of modules, and what a person calls."""
    called = mn_dataset.fetch("open", root=tmp_path / "called", origin=str(tmp_path))
    report = fetch("open", root=tmp_path / "report", origin=str(tmp_path))

    assert called.counts() == report.counts()
    assert inspect.signature(mn_dataset.fetch) == inspect.signature(fetch)


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_one_process_at_a_time_fetches_into_a_folder(mn, holding, tmp_path):
    """The second says who does, and exits 1; when that one is killed, the next one takes over."""
    folder, words = tmp_path / "synthetic", ("fetch", "synthetic", "--root", tmp_path)
    first = holding(folder, *words)

    code, _, message = mn(*words)
    first.kill()
    first.wait()
    second = holding(folder, *words)

    assert code == 1
    assert f"{folder}: `mn fetch` (process {first.pid} on " in message
    assert message.count("\n") == 1
    assert owner(folder).process == second.pid
