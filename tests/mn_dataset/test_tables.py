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


STEMS = "id,file,song,stem,split,group,source,license,attribution,duration_s"
VOCALS = "stem/1/vocals,1/vocals.wav,1,vocals,train,,,,,20"


def stems(folder: Path, *lines: str, header: str = STEMS) -> Path:
    path = folder / "stems.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_a_table_of_stems_names_songs(tmp_path):
    """The stem is the category; addresses may be lacking, further columns are kept."""
    path = stems(tmp_path, f"{VOCALS},recorded", header=f"{STEMS},origin")

    (row,) = tables.read_table(path, "stem")
    tables.write_table(path, [row])

    assert (row.song, row.category, row.url, row.duration_s) == ("1", "vocals", "", "20")
    assert row.further == (("origin", "recorded"),)
    assert tables.read_table(path, "stem") == [row]
    header = path.read_text(encoding="utf-8").splitlines()[0]
    assert header == ",".join([*tables.STEM_COLUMNS, "origin"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (VOCALS.replace(",1,vocals", ",,vocals"), "column 'song' is ''; expected a name"),
        (VOCALS.replace(",1,vocals", ",1,vocals "), "column 'stem' is 'vocals '; expected a name"),
        (VOCALS.replace("stem/1", "clean/1"), "column 'id' is 'clean/1/vocals'"),
    ],
)
def test_a_stem_names_its_song_and_itself(tmp_path, line, message):
    """Whatever the names are."""
    with pytest.raises(TableError, match=message):
        tables.read_table(stems(tmp_path, line), "stem")


def test_a_table_of_stems_has_no_category(tmp_path):
    """The word is taken: it is what a stem is called elsewhere."""
    path = stems(tmp_path, f"{VOCALS},pop", header=f"{STEMS},category")

    with pytest.raises(TableError, match="the header has category"):
        tables.parse_table(path)


def test_stems_may_be_all_that_a_corpus_has(tmp_path):
    """Clips and noises come as a pair."""
    assert tables.tables_of(tmp_path) == ("clean", "noise")
    stems(tmp_path, VOCALS)
    assert tables.tables_of(tmp_path) == ("stem",)
    table(tmp_path, GOOD)
    assert tables.tables_of(tmp_path) == ("clean", "noise", "stem")
