"""Names are ones that every file system takes, and text that every table holds."""

from __future__ import annotations

import csv
import io
import ntpath
import os
import re
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mn_dataset.files.names import (
    file_name,
    is_safe,
    one_line,
    printable,
    safe_name,
    stays_inside,
)

# Python 3.13 has a function for it, and warns of the method.
is_reserved = getattr(ntpath, "isreserved", lambda name: PureWindowsPath(name).is_reserved())

raw = st.binary(min_size=1, max_size=60).map(os.fsdecode)
"""What a file may be called."""


@given(raw)
def test_printable_text_survives_a_table(name):
    """UTF-8, and no line end that a reader of tables would take for another."""
    text = printable(name)

    table = io.StringIO(newline="")
    csv.writer(table, lineterminator="\n").writerow([text])
    again = table.getvalue().encode("utf-8").decode("utf-8")
    assert list(csv.reader(io.StringIO(again, newline=""))) == [[text]]


@given(raw)
def test_one_line_is_one_line(name):
    """For messages."""
    assert not {"\n", "\r"} & set(one_line(name))


@given(st.text(max_size=80), st.text(max_size=300))
@example("a", "con")
@example("a", "")
def test_a_safe_name_is_safe(name, stem):
    """Whatever it is made of; and short."""
    safe = safe_name(name.encode("utf-8", "replace").decode(), stem=stem)

    assert is_safe(safe)
    assert len(safe) <= 51


@given(st.lists(raw, min_size=2, max_size=8, unique=True))
def test_safe_names_of_different_files_differ(names):
    """Even where people would call them the same."""
    assert len({safe_name(name, stem="Für Elise") for name in names}) == len(names)


@given(st.text(alphabet="ab/.-_:\\ A\0", max_size=12) | st.text(max_size=12))
@example("con")
@example("a/aux.wav")
@example("a/com1")
@example("a.")
@example("../a")
def test_a_safe_name_stays_where_it_is_put_on_every_system(name):
    """It is a path of plain parts to both kinds of them, and none that Windows keeps for itself."""
    if not is_safe(name):
        return

    for kind in (PurePosixPath, PureWindowsPath):
        assert kind(name).parts == tuple(name.split("/"))
        assert not kind(name).is_absolute()
    assert not is_reserved(name)
    assert stays_inside(name)
    assert name == name.lower()
    assert not re.search(r"[. ](/|$)", name)


@pytest.mark.parametrize(
    "name", ["con", "noise/aux", "nul.wav", "com1", "lpt9.a.b", "prn/a", "..", "a//b", "A", "a\n"]
)
def test_names_that_some_system_cannot_hold_are_not_safe(name):
    """Devices of Windows among them."""
    assert not is_safe(name)


def test_names_as_corpora_have_them_are_safe():
    """They stay as they are."""
    for name in ("piano/000001", "console", "com10", "a.b-c_d", "x" * 64):
        assert is_safe(name)


@given(st.lists(st.text(max_size=12), min_size=1, max_size=3))
@example([".."])
@example(["a/b", "c"])
@example([""])
def test_a_file_name_is_one_file_in_its_folder(names):
    """Visible, and of characters that every system takes."""
    name = file_name(*names)

    assert re.fullmatch(r"[\w+@-][\w.+@-]*", name, flags=re.ASCII) or not name
    assert "/" not in name
    assert stays_inside(name)


@given(st.text(max_size=12), st.text(max_size=12))
def test_different_names_never_become_one_file(first, second):
    """But the same becomes the same."""
    assert (file_name(first) == file_name(second)) == (first == second)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b.wav", True),
        ("a/..b/c..", True),
        ("..", False),
        ("a/..", False),
        ("a\\..\\b", False),
        ("/a", False),
        ("\\\\server\\a", False),
        ("c:a", False),
        ("a\0b", False),
    ],
)
def test_a_path_that_leads_out_of_its_folder_is_told_apart(name, expected):
    """By any system's reading."""
    assert stays_inside(name) == expected
