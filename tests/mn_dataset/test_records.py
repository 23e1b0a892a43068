from __future__ import annotations

import pytest

from mn_dataset.errors import RecipeError
from mn_dataset.records import Layer, Recipe

LAYERS = (
    Layer("voice", "clean/a", 0, gain=1.0, input="right", target="voice"),
    Layer("voice", "clean/a", 0, gain=1.0, target="dry"),
    Layer("noise", "noise/b", 0, gain=1.0, input="left"),
    Layer("noise", "noise/b", 0, gain=1.0, input="right"),
)
RECIPE = Recipe(
    id="test/0",
    task="toy",
    split="test",
    seed=0,
    num_samples=10,
    sampling_rate=44_100,
    layers=LAYERS,
    targets=("voice", "dry"),
    labels=(("snr_db", 5), ("noise_class", "crowd")),
)


def test_inputs_come_in_the_order_in_which_layers_name_them():
    """A layer that sounds in no input names none."""
    assert RECIPE.inputs == ("right", "left")


def test_a_label_is_found_by_its_column_or_refused_by_name():
    """The refusal says which there are."""
    assert RECIPE.label("noise_class") == RECIPE.noise_class == "crowd"
    assert RECIPE.snr_db == 5.0
    with pytest.raises(RecipeError, match=r"'test/0': has no label 'music_category'; .*snr_db"):
        RECIPE.music_category  # noqa: B018 - reading it is what fails


def test_a_layer_is_found_by_its_role():
    """The first of that role."""
    assert RECIPE.layer("noise") is LAYERS[2]
