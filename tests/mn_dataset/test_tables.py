from __future__ import annotations

from pathlib import Path

import pytest

from mn_dataset import tables
from mn_dataset.errors import InputError, TableError
from mn_dataset.tables import Row

HEADER = ",".join(tables.COLUMNS)
GOOD = "clean/1,clean/1.wav,piano,train,,,,,,,,10"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "clean.csv"
    path.write_text("\n".join([HEADER, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_table_is_written_as_it_was_read(tmp_path):
    """Further columns, commas, quotes and Unicode survive the round trip byte for byte."""
    path = tmp_path / "clean.csv"
    row = Row(
        id="clean/é", file="clean/é.wav", category="harp", source='a, "b"', further=(("x", "1"),)
    )
    tables.write_table(path, [row])
    first = path.read_bytes()

    rows = tables.read_table(path, "clean")
    tables.write_table(path, rows)

    assert rows == [row]
    assert path.read_bytes() == first
    assert b"\r" not in first


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "clean/1,clean/1.wav,Cello ,train,,,,,,,,10",
            "'category' is 'Cello '; did you mean 'cello'?",
        ),
        ("noise/1,clean/1.wav,cello,train,,,,,,,,10", "'id' is 'noise/1'"),
        ("clean/1,../1.wav,cello,train,,,,,,,,10", "'file' is '../1.wav'"),
        ("clean/1,/etc/1.wav,cello,train,,,,,,,,10", "'file' is '/etc/1.wav'"),
        ("clean/1,a\\1.wav,cello,train,,,,,,,,10", "'file'"),
        ("clean/1,clean/1.wav,cello,val,,,,,,,,10", "'split' is 'val'; did you mean 'validation'?"),
        ("clean/1,clean/1.wav,cello,train,,,,,,abc,,10", "'sha256' is 'abc'"),
        ("clean/1,clean/1.wav,cello,train,,,,,,,,ten", "'duration_s' is 'ten'"),
        ("clean/1,clean/1.wav,cello,train,,,,,,,-1,", "'start_s' is '-1'"),
        ("clean/1,clean/1.wav,cello,train", "4 cells, expected 12"),
    ],
)
def test_a_bad_cell_is_named_by_file_row_and_column(tmp_path, line, message):
    """The message tells where, what was found, and what is expected."""
    path = table(tmp_path, GOOD.replace("1", "2"), line)

    with pytest.raises(TableError) as caught:
        tables.read_table(path, "clean")

    assert str(caught.value).startswith(f"{path}:3: ")
    assert message in str(caught.value)


def test_a_repeated_id_names_both_lines(tmp_path):
    """Ids are unique within a table."""
    path = table(tmp_path, GOOD, GOOD)

    with pytest.raises(TableError, match=r"clean.csv:3: column 'id' is 'clean/1', as on line 2"):
        tables.read_table(path, "clean")


def test_the_first_problem_is_told_and_the_others_counted(tmp_path):
    """One message, not a page of them."""
    path = table(tmp_path, "x,y,z,,,,,,,,,", "x,y,z,,,,,,,,,")

    with pytest.raises(TableError, match="more: run `mn check"):
        tables.read_table(path, "clean")


def test_a_missing_column_is_named(tmp_path):
    """The header is the schema's."""
    path = tmp_path / "clean.csv"
    path.write_text("id,file\n", encoding="utf-8")

    with pytest.raises(TableError, match="lacks category, split"):
        tables.read_table(path, "clean")


def test_a_table_that_is_no_text_is_refused(tmp_path):
    """Bytes that are not UTF-8 are no table."""
    path = tmp_path / "clean.csv"
    path.write_bytes(b"\xff\xfe\x00id")

    with pytest.raises(TableError, match="not UTF-8"):
        tables.read_table(path, "clean")


def test_a_missing_table_is_named(tmp_path):
    """The path is in the message."""
    with pytest.raises(InputError, match=r"noise\.csv: no such table"):
        tables.read_table(tmp_path / "noise.csv", "noise")
