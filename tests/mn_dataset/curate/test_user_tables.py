"""Tables and words are read as people write them."""

from __future__ import annotations

import pytest

from mn_dataset.curate.curate import curate
from mn_dataset.curate.user_tables import category_of, split_of
from mn_dataset.errors import TableError
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, SPLITS


@pytest.fixture
def raw(tmp_path):
    return tmp_path / "raw"


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"file,category\n\xff\xfe,piano\n", "not UTF-8"),
        (b"category\npiano\n", "no column 'file'"),
        (b'file,category\n"a.wav,piano\n', "not CSV"),
        (b"file_name,file_name\na.wav,a.wav\n", "repeats"),
    ],
)
def test_a_table_that_cannot_be_read_is_refused(sound, raw, out, content, text):
    """As a whole, and nothing is begun."""
    sound(raw / "piano/a.wav")
    (raw / "metadata.csv").write_bytes(content)

    with pytest.raises(TableError, match=text):
        curate(raw, out)
    assert not out.exists()


def test_json_lines_that_are_none_are_named(sound, raw, out):
    """By their line; nesting without end, numbers and lone surrogates harm nobody."""
    sound(raw / "piano/a.wav")
    lines = ["[" * 100_000, "7", '{"label": "piano"}', '{"file_name": "\\ud800.wav"}']
    lines.append('{"file_name": "piano/a.wav", "note": "\\ud800"}')
    (raw / "metadata.jsonl").write_text("\n".join(lines))
    found = {item.row: item.reason for item in curate(raw, out).rejected}

    assert [found[f"metadata.jsonl:{line}"].split(";")[0] for line in (1, 2, 3, 4)] == [
        "not a JSON object",
        "not a JSON object",
        "names no file",
        "no such file",
    ]


@pytest.mark.parametrize("name", [*MUSIC_CATEGORIES, *NOISE_CLASSES])
def test_categories_are_read_as_people_write_them(name):
    """Case, blanks, hyphens."""
    for written in (name.upper(), name.replace("_", " ") + " ", name.title().replace("_", "-")):
        assert category_of(written) == name


def test_split_words_are_the_field_s():
    """The three names and the usual short ones; none of them is a category."""
    assert {word: split_of(word) for word in ("Train", "val", "dev", "eval", "testing")} == {
        "Train": "train",
        "val": "validation",
        "dev": "validation",
        "eval": "test",
        "testing": "test",
    }
    assert all(split_of(name) == name and category_of(name) is None for name in SPLITS)
