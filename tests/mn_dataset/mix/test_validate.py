from __future__ import annotations

import re
from dataclasses import replace

import pytest

from mn_dataset.errors import RecipeError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.tasks.denoise import labels


@pytest.fixture(scope="module")
def recipes(tiny):
    return draw(tiny, split="test", snr_db=(-5, 5), per_cell=1)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"id": "../../evil"}, "id is '../../evil'"),
        ({"id": "test/../evil"}, "expected test/NAME"),
        ({"split": "tset"}, "split is 'tset'"),
        ({"task": "transcribe"}, "task is 'transcribe'"),
        ({"sampling_rate": 16_000}, "sampling_rate is 16000"),
        ({"num_samples": 0}, "num_samples is 0"),
        ({"targets": ("noise",)}, "targets is ('noise',)"),
        ({"num_samples": 10**9}, "leave 'clean/"),
        ({"snr_definition": "loud"}, "snr_definition is 'loud'"),
        ({"labels": labels("crowd", "piano", 99.0)}, "snr_db is 99.0"),
        ({"layers": {"response": "hall"}}, "dry"),
        ({"layers": {"start": -1}}, "leave 'clean/"),
        ({"layers": {"source_id": "clean/nobody"}}, "no clean 'clean/nobody'"),
        ({"layers": {"role": "noise"}}, "one clean and one noise layer"),
    ],
)
def test_recipes_that_cannot_be_meant_are_refused(tiny, recipes, tmp_path, change, text):
    """By recipe and column, before anything is written, inside or outside the folder."""
    recipe = recipes[0]
    if isinstance(change.get("layers"), dict):
        first = replace(recipe.layers[0], **change["layers"])
        change = {"layers": (first, recipe.layers[1])}
    spoiled = replace(recipes, rows=(replace(recipe, **change),))

    with pytest.raises(RecipeError, match=re.escape(text)):
        render(spoiled, tiny, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []
