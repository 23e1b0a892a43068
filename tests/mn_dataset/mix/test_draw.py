from __future__ import annotations

import tracemalloc

import pytest

from mn_dataset.audio import io
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix import recipes
from mn_dataset.mix.draw import draw, draw_table
from mn_dataset.mix.recipes import read_recipes, write_recipes


def test_the_same_arguments_draw_the_same_and_another_seed_does_not(tiny):
    """Everything random has a seed."""
    assert draw(tiny, seed=1) == draw(tiny, seed=1)
    assert draw(tiny, seed=1) != draw(tiny, seed=2)


def test_drawing_opens_no_audio(tiny, monkeypatch):
    """Tables and index are all it reads."""

    def forbidden(*_, **__):
        raise AssertionError("audio was opened")

    monkeypatch.setattr(io, "read_pcm", forbidden)
    assert draw(tiny)


def test_an_option_that_the_task_does_not_have_is_refused(tiny):
    """With the nearest one that it has."""
    with pytest.raises(InputError, match="'denoise' is drawn without `per_cel`; did you mean 'per"):
        draw(tiny, per_cel=2)


def test_a_task_that_nobody_has_is_refused(tiny):
    """With the nearest name."""
    with pytest.raises(UnknownName, match="unknown task 'denois'; did you mean 'denoise'"):
        draw(tiny, task="denois")


@pytest.mark.parametrize("options", [{}, {"split": "test", "count": 20, "second_noise": 0.5}])
def test_a_table_is_drawn_with_the_bytes_of_the_recipes(tiny, tmp_path, monkeypatch, options):
    """In pieces or as a whole, of one split or of all."""
    monkeypatch.setattr(recipes, "TOGETHER", 7)
    count = draw_table(tiny, tmp_path / "drawn.parquet", seed=3, **options)
    drawn = draw(tiny, seed=3, **options)
    write_recipes(tmp_path / "written.parquet", drawn)

    assert (tmp_path / "drawn.parquet").read_bytes() == (tmp_path / "written.parquet").read_bytes()
    assert count == len(drawn)
    assert read_recipes(tmp_path / "drawn.parquet") == drawn


def test_drawing_a_table_takes_no_more_memory_for_more_recipes(tiny, tmp_path, monkeypatch):
    """All of 2000 recipes would take 2 MB more than all of 500."""
    monkeypatch.setattr(recipes, "TOGETHER", 100)

    def most(count: int) -> int:
        tracemalloc.start()
        draw_table(tiny, tmp_path / "drawn.parquet", split="test", count=count, seconds=0.5)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(100)
    assert most(2000) < most(500) + 400_000


def test_a_drawing_that_fails_leaves_the_table_that_was_there(tiny, tmp_path):
    """Whether it fails before or after the first recipe."""
    table = tmp_path / "drawn.parquet"
    draw_table(tiny, table, split="test", count=3)
    before = table.read_bytes()

    for options in ({"count": 0}, {"snr_db": (0, 190), "count": 60}):
        with pytest.raises((InputError, RecipeError)):
            draw_table(tiny, table, split="test", **options)
    assert table.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["drawn.parquet"]
