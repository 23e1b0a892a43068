from __future__ import annotations

import pandas as pd
import pytest

from mn_dataset.errors import InputError, RecipeError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import read_recipes, write_recipes


def test_recipes_survive_their_table(tiny, tmp_path):
    """What is read is what was written; the order of the rows does not matter."""
    recipes = draw(tiny, seed=4)
    write_recipes(tmp_path / "recipes.parquet", recipes)

    assert read_recipes(tmp_path / "recipes.parquet") == recipes


def test_a_table_of_something_else_is_refused(tmp_path):
    """The message names what is lacking."""
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(RecipeError, match="lacks corpus"):
        read_recipes(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="not readable as Parquet"):
        read_recipes(tmp_path / "y.parquet")


def test_rows_are_picked_by_id_or_number(tiny):
    """Both name the same recipe; another name is refused."""
    recipes = draw(tiny, split="test")

    assert recipes.select(["3"]).rows == recipes.select(["test/000003"]).rows == (recipes[3],)
    with pytest.raises(RecipeError, match="no recipe 'x'"):
        recipes.select(["x"])
