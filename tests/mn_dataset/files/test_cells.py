"""Cells are refused by row and column, at any depth."""

from __future__ import annotations

import pyarrow as pa
import pytest

from mn_dataset.errors import DatasetError
from mn_dataset.files.cells import EMPTY, MEASURED, Limits, misfit, refuse_misfit

LAYER = pa.struct([("role", pa.string()), ("gain", pa.float64())])
COLUMNS = [pa.field("id", pa.string()), pa.field("layers", pa.list_(LAYER))]
LIMITS = {"layers.gain": Limits(-4.0, 4.0, empty=True)}


def layers(*gains):
    rows = [[{"role": "noise", "gain": gain}] for gain in gains]
    return pa.table({"id": [f"{n}" for n in range(len(rows))], "layers": pa.array(rows)})


def test_cells_that_fit_are_let_pass():
    """Empty where that is allowed, and whole numbers where numbers are expected."""
    assert misfit(layers(1.0, None), COLUMNS, LIMITS) is None
    assert misfit(layers(1, 2), COLUMNS, LIMITS) is None


@pytest.mark.parametrize(
    ("gain", "text"),
    [
        (float("nan"), "row 12: the column 'layers.gain' is nan; expected a finite number"),
        (5.0, "row 12: the column 'layers.gain' is 5.0; expected -4 to 4"),
    ],
)
def test_a_part_of_a_list_is_named_by_its_row(gain, text):
    """Rows are counted from the one that the caller says."""
    assert misfit(layers(1.0, None, gain), COLUMNS, LIMITS, first=10) == text


def test_a_number_that_was_measured_may_be_undefined_or_unknown():
    """NaN, infinity, nothing."""
    table = pa.table({"peak_dbfs": [float("nan"), float("-inf"), None]})

    assert misfit(table, [pa.field("peak_dbfs", pa.float64())], {"peak_dbfs": MEASURED}) is None


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (pa.array([1, 2]), "the column 'id' holds int64; expected text"),
        (pa.array(["a", None]), "row 2: the column 'id' is empty; expected text"),
        (pa.nulls(2), "row 1: the column 'id' is empty; expected text"),
        (pa.array([b"\xff", b"a"]).view(pa.string()), "the column 'id' is damaged"),
    ],
)
def test_a_column_of_another_kind_is_refused(cells, text):
    """Numbers for text, nothing, bytes that are no UTF-8."""
    found = misfit(pa.table({"id": cells}), COLUMNS[:1], {})

    assert found is not None
    assert found.startswith(text)
    if pa.types.is_null(cells.type):
        assert misfit(pa.table({"id": cells}), COLUMNS[:1], {"id": EMPTY}) is None


def test_the_refusal_names_the_file_and_what_to_do():
    """As the error that the caller asks for."""
    with pytest.raises(DatasetError, match=r"a\.parquet: lacks the columns layers; make it again"):
        refuse_misfit(
            pa.table({"id": ["a"]}),
            COLUMNS,
            {},
            where="a.parquet",
            cure="make it again",
            error=DatasetError,
        )
