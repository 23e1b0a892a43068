"""A file is there whole, or what was there stays."""

import pytest

from mn_dataset.errors import OutputError
from mn_dataset.whole import whole


def test_a_file_takes_its_place_at_the_end(tmp_path):
    """Its folder is made; until then nobody sees it."""
    path = tmp_path / "new" / "table.csv"

    with whole(path) as temporary:
        temporary.write_text("1")
        assert not path.exists()

    assert path.read_text() == "1"
    assert list(path.parent.iterdir()) == [path]


def write_half(path, fault):
    with whole(path) as temporary:
        temporary.write_text("half")
        raise fault


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (OSError(28, "No space left on device"), "table.csv: cannot be written .No space left"),
        (OSError("of a library's own"), "table.csv: cannot be written .of a library's own"),
    ],
)
def test_what_was_there_outlives_a_fault(tmp_path, fault, told):
    """It is told with the file's name, and nothing half-written stays."""
    path = tmp_path / "table.csv"
    path.write_text("old")

    with pytest.raises(OutputError, match=told):
        write_half(path, fault)

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_another_fault_is_passed_on(tmp_path):
    """It is not the file's."""
    with pytest.raises(ZeroDivisionError), whole(tmp_path / "table.csv") as temporary:
        temporary.write_text(str(1 / 0))

    assert list(tmp_path.iterdir()) == []
