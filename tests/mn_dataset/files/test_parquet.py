"""Tables are written whole, and what is wrong with one is told."""

from __future__ import annotations

import errno

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import DatasetError, InputError, OutputError
from mn_dataset.files import parquet

SCHEMA = pa.schema([("id", pa.string()), ("value", pa.float64())], metadata={"corpus": "mn"})
ROWS = [{"id": f"test/{number}", "value": number / 2} for number in range(10)]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "made" / "a=b" / "table.parquet"
    parquet.write_rows(path, ROWS, SCHEMA)
    return path


def test_rows_come_back_with_their_schema(path):
    """Metadata too, and no column that a folder's name suggests; nothing else is left there."""
    table = parquet.read_table(path)

    assert table.to_pylist() == ROWS
    assert table.schema.equals(SCHEMA, check_metadata=True)
    assert parquet.facts(table.schema) == {"corpus": "mn"}
    assert parquet.facts(SCHEMA.remove_metadata()) == {}
    assert [one.name for one in path.parent.iterdir()] == ["table.parquet"]


def test_a_table_can_be_read_in_part(path):
    """Some columns, or some rows at a time."""
    assert parquet.read_table(path, columns=["value"]).column_names == ["value"]

    batches = list(parquet.read_batches(path, ["id"], rows=4))
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert [row for batch in batches for row in batch.to_pylist()] == [
        {"id": row["id"]} for row in ROWS
    ]

    with parquet.opened(path, memory_map=True) as file:
        assert file.schema_arrow.names == ["id", "value"]
        assert file.metadata.num_rows == 10


def test_the_bytes_are_those_of_pyarrow(path, tmp_path):
    """However the table was written, in one piece."""
    table = pa.Table.from_pylist(ROWS, schema=SCHEMA)
    pq.write_table(table, tmp_path / "plain.parquet")
    with parquet.writer(tmp_path / "streamed.parquet", SCHEMA) as file:
        file.write_table(table)

    plain = (tmp_path / "plain.parquet").read_bytes()
    assert path.read_bytes() == plain
    assert (tmp_path / "streamed.parquet").read_bytes() == plain


def test_a_table_can_be_written_some_rows_at_a_time(tmp_path):
    """Each piece a row group, in the writer's own terms."""
    path = tmp_path / "table.parquet"
    with parquet.writer(path, SCHEMA, options={"compression": "none"}) as file:
        for row in ROWS[:3]:
            file.write_table(pa.Table.from_pylist([row], schema=SCHEMA))
        assert not path.exists()

    metadata = pq.read_metadata(path)
    assert metadata.num_row_groups == 3
    assert metadata.row_group(0).column(0).compression == "UNCOMPRESSED"
    with pytest.raises(TypeError), parquet.writer(path, SCHEMA, options={"compresion": "none"}):
        pass
    assert pq.read_metadata(path).num_rows == 3


def write_one_row(path, fault):
    with parquet.writer(path, SCHEMA) as file:
        file.write_table(pa.Table.from_pylist(ROWS[:1], schema=SCHEMA))
        raise fault


def test_a_table_outlives_a_fault_of_the_one_after_it(path):
    """Of the disk, which is told, and of the rows, which is a mistake of ours."""
    with pytest.raises(OutputError, match=r"table\.parquet: cannot be written \(full\); free some"):
        write_one_row(path, OSError(errno.ENOSPC, "full"))
    with pytest.raises(pa.ArrowException):
        parquet.write_rows(path, [{"id": 3}], SCHEMA)

    assert parquet.read_table(path).to_pylist() == ROWS
    assert [one.name for one in path.parent.iterdir()] == ["table.parquet"]


def unreadable(path, **options):
    """Every way to read, as a function that reads it all."""

    def opened():
        with parquet.opened(path, **options) as file:
            file.read()

    return [
        lambda: parquet.read_table(path, **options),
        lambda: list(parquet.read_batches(path, ["id"], **options)),
        opened,
    ]


@pytest.mark.parametrize("damage", [b"", b"PAR1", b"no table at all", None])
def test_a_damaged_table_is_told_with_the_cure(path, damage):
    """As the caller's kind of error; one that was cut short too."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2] if damage is None else damage)

    message = r"table\.parquet: not readable as Parquet \(.*\); run `mn build`$"
    for read in unreadable(path, cure="run `mn build`", error=DatasetError):
        with pytest.raises(DatasetError, match=message):
            read()
    assert parquet.read_kept(path) is None


def test_a_table_whose_rows_are_damaged_is_told_when_they_are_read(path):
    """Its end is what it was, so it can be opened."""
    content = bytearray(path.read_bytes())
    content[4:60] = bytes(56)
    path.write_bytes(content)

    for read in unreadable(path):
        with pytest.raises(InputError, match=r"not readable as Parquet .*; make it again$"):
            read()
    assert parquet.read_kept(path) is None


def test_a_missing_table_is_told(tmp_path):
    """A folder of its name is none."""
    for path in (tmp_path / "none.parquet", tmp_path):
        for read in unreadable(path, cure="run `mn build`"):
            with pytest.raises(InputError, match=r": no such file; run `mn build`$"):
                read()
    assert parquet.read_kept(tmp_path / "none.parquet") is None


def test_a_table_of_a_cache_is_kept_if_that_is_possible(tmp_path):
    """And read if it is whole."""
    table = pa.Table.from_pylist(ROWS, schema=SCHEMA)
    parquet.keep_table(tmp_path / "a.parquet", table, compression="none")
    parquet.keep_table(tmp_path / "a.parquet" / "below.parquet", table)

    assert parquet.read_kept(tmp_path / "a.parquet", columns=["id"]).column_names == ["id"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.parquet"]
