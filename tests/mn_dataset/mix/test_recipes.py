from __future__ import annotations

import pandas as pd
import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import InputError, RecipeError
from mn_dataset.mix import recipes as module
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


@pytest.fixture
def groups(tiny, tmp_path, monkeypatch):
    """A table of twelve recipes in three row groups, and the recipes."""
    monkeypatch.setattr(module, "TOGETHER", 4)
    recipes = draw(tiny, split="test", count=12, seconds=0.5)
    path = tmp_path / "recipes.parquet"
    write_recipes(path, recipes)
    assert pq.ParquetFile(path).num_row_groups == 3
    return path, recipes


@pytest.mark.parametrize("names", [["5"], ["test/000005"], ["11", "test/000000", "0"]])
def test_some_recipes_are_read_as_if_picked_from_all(groups, names):
    """By id, by number, or both."""
    path, recipes = groups

    assert read_recipes(path) == recipes
    assert read_recipes(path, names) == recipes.select(names)


@pytest.mark.parametrize("name", ["x", "12", "007", "-1", "٣", "9" * 5000, "test/\udcff"])
def test_a_recipe_that_is_not_in_the_table_is_named(groups, name):
    """Whatever is asked for."""
    with pytest.raises(RecipeError, match=r"no recipe .* a number from 0 to 11"):
        read_recipes(groups[0], [name])


def test_no_recipe_at_all_is_refused(groups):
    """To read none is a mistake."""
    with pytest.raises(RecipeError, match="no recipe was named"):
        read_recipes(groups[0], [])


def test_only_the_row_groups_that_hold_them_are_decoded(groups):
    """A byte that flipped in another one hinders nobody; who reads all is told."""
    path, recipes = groups
    layers = pq.ParquetFile(path).schema.names.index("start")
    column = pq.ParquetFile(path).metadata.row_group(2).column(layers)
    place = column.data_page_offset + column.total_compressed_size // 2
    content = bytearray(path.read_bytes())
    content[place] ^= 0xFF
    path.write_bytes(content)

    assert read_recipes(path, ["3", "6"]) == recipes.select(["3", "6"])
    for names in (None, ["9"]):
        with pytest.raises(InputError, match="not readable as Parquet"):
            read_recipes(path, names)


def test_numbers_count_ids_in_their_order_whatever_that_of_the_rows(groups):
    """A table that somebody sorted otherwise is read like any other."""
    path, recipes = groups
    table = pq.read_table(path)
    pq.write_table(table.take([*range(11, -1, -1)]), path, row_group_size=5)

    assert read_recipes(path) == recipes
    assert read_recipes(path, ["2"]).rows == (recipes[2],)


def test_a_cell_that_does_not_fit_is_named_by_its_row_in_the_table(groups):
    """Not by its row in the row group."""
    path, _ = groups
    frame = pq.read_table(path)
    lengths = frame["num_samples"].to_pylist()
    lengths[9] = 0
    index = frame.schema.get_field_index("num_samples")
    pq.write_table(frame.set_column(index, "num_samples", [lengths]), path, row_group_size=4)

    assert read_recipes(path, ["7"])
    with pytest.raises(RecipeError, match="row 10: the column 'num_samples' is 0"):
        read_recipes(path, ["8"])


def test_an_id_that_stands_in_two_row_groups_is_refused(groups):
    """Also where neither is asked for."""
    path, _ = groups
    table = pq.read_table(path)
    pq.write_table(table.take([*range(12), 0]), path, row_group_size=4)

    with pytest.raises(RecipeError, match="'test/000000' stands there twice"):
        read_recipes(path, ["5"])
