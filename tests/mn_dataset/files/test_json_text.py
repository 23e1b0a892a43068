"""JSON from anywhere is read, or refused in words."""

from __future__ import annotations

import pytest

from mn_dataset.errors import DatasetError
from mn_dataset.files.json_text import misfit, parse, read_json


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("NaN", "no number"),
        ("[-Infinity]", "no number"),
        ("1e999", "no number of 64 bits"),
        ("[" * 100_000, "nested too deeply"),
        ("9" * 5000, "4300 digits"),
        ("{", "Expecting"),
    ],
)
def test_what_is_no_value_is_refused(tmp_path, text, fault):
    """Python's own reader takes the first three."""
    path = tmp_path / "run.json"
    path.write_text(text, "utf-8")

    with pytest.raises(ValueError, match=fault):
        parse(text)
    with pytest.raises(DatasetError, match=rf"run\.json: not JSON .*{fault}.*; make it again"):
        read_json(path, cure="make it again", error=DatasetError)


def test_shapes_are_compared_at_any_depth():
    """Lists, alternatives, names that may be absent, and any names."""
    shape = {"n": int, "texts": [str], "cost?": ({"*": float}, None)}

    assert misfit({"n": 1, "texts": []}, shape) is None
    assert misfit({"n": 1, "texts": ["a"], "cost": {"s": 1}}, shape) is None
    assert misfit({"n": True, "texts": []}, shape) == "'n' is True; expected a whole number"
    assert misfit({"n": 1, "texts": [None]}, shape) == "'texts.0' is None; expected text"
    assert misfit({"n": 1, "texts": [], "cost": {"s": "1"}}, shape) is not None
    assert misfit([], shape) == "'' is []; expected names with values"
