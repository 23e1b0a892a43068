"""Measurements are kept where they can be, and missed nowhere."""

from __future__ import annotations

import errno
from pathlib import Path

import platformdirs
import pytest

from mn_dataset.files.cache import keep, kept_beside, user_cache


def test_measurements_stand_beside_what_was_measured(tmp_path):
    """Where that may be written."""
    assert kept_beside(tmp_path, ".mn-index.parquet") == tmp_path / ".mn-index.parquet"


def test_measurements_of_what_is_read_only_stand_in_the_users_cache(tmp_path):
    """Each folder's apart, each kind's apart, and found again by another name of the folder."""
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir(mode=0o555)
    (tmp_path / "link").symlink_to(first)

    index = kept_beside(first, ".mn-index.parquet")

    assert index.parent == Path(platformdirs.user_cache_dir("mn-dataset")) / "index"
    assert index.suffix == ".parquet"
    assert kept_beside(tmp_path / "link", ".mn-index.parquet") == index
    assert kept_beside(second, ".mn-index.parquet") != index
    assert kept_beside(first, ".mn-fingerprints.parquet").parent == user_cache("fingerprints")


class LibraryError(Exception):
    """What a library says that cannot write."""


def writes(text, fault=None):
    def write(path):
        path.write_text(text)
        if fault is not None:
            raise fault

    return write


def test_what_cannot_be_kept_is_not_told(tmp_path):
    """The old measurements stay, and nothing half-written."""
    path = tmp_path / "made" / "a"
    keep(path, writes("old"))
    for fault in (OSError(errno.ENOSPC, "full"), LibraryError("full")):
        keep(path, writes("half", fault), faults=(LibraryError,))
    keep(path / "below", writes("lost"))

    assert [path.read_text() for path in (tmp_path / "made").iterdir()] == ["old"]


def test_mistakes_of_ours_are_told(tmp_path):
    """They are no full disk."""
    with pytest.raises(ZeroDivisionError):
        keep(tmp_path / "a", writes("half", ZeroDivisionError()))

    assert list(tmp_path.iterdir()) == []
