"""A TOML file is read, or its line is named."""

from __future__ import annotations

import re

import pytest

from mn_dataset.errors import InputError
from mn_dataset.files.toml import read_toml


def test_tables_are_read(tmp_path):
    """As UTF-8, whatever the platform."""
    path = tmp_path / "a.toml"
    path.write_bytes('name = "é"\n[data]\nbatch = 2\n'.encode())

    assert read_toml(path) == {"name": "é", "data": {"batch": 2}}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a = 1\n[gain\n", r":2: not TOML (Expected ']' at the end of a table declaration, col"),
        (b"a = 1\nb = \n", ":2: not TOML (Invalid value, column 5); correct it"),
        (b"a = 1\na = 2\n", ":2: not TOML (Cannot overwrite a value, column 6); correct it"),
        (b'a = 1\n\nb = """x', ":3: not TOML ("),
        (b"a = 1\nb = '\xff'\n", ":2: not TOML (not UTF-8); save it as UTF-8"),
    ],
)
def test_the_line_at_fault_is_named(tmp_path, content, message):
    """With what is wrong there."""
    path = tmp_path / "a.toml"
    path.write_bytes(content)

    with pytest.raises(InputError, match=f"^{re.escape(f'{path}{message}')}"):
        read_toml(path)


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    """A missing one, or a folder."""
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(InputError, match=f"^{re.escape(str(path))}: cannot be read"):
            read_toml(path)


@pytest.mark.parametrize(
    ("value", "text"), [("9" * 5000, "4300 digits"), ("[" * 9000 + "]" * 9000, "nested too deeply")]
)
def test_extremes_are_told_in_words(tmp_path, value, text):
    """A number that fills pages, lists in lists without end."""
    path = tmp_path / "a.toml"
    path.write_text(f"a = {value}\n", "utf-8")

    with pytest.raises(InputError, match=text):
        read_toml(path)
