from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.tasks.denoise import SPEC
from mn_dataset.tasks.spec import Audio


def test_splits_are_kept_apart(tiny):
    """A recipe of a split uses recordings of that split alone."""
    for recipe in draw(tiny, per_cell=1):
        for layer in recipe.layers:
            assert tiny.sources[layer.source_id].row.split == recipe.split


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"split": "tset"}, UnknownName),
        ({"snr_definition": "loud"}, UnknownName),
        ({"snr_db": (float("nan"),)}, InputError),
        ({"snr_db": ()}, InputError),
        ({"snr_db": (5, 5)}, InputError),
        ({"per_cell": 1, "count": 1}, InputError),
        ({"count": 0}, InputError),
        ({"seconds": -1}, InputError),
        ({"seconds": 1e-9}, InputError),
        ({"seed": 2**63}, InputError),
        ({"preset": "musicecan-2024", "snr_db": (33,)}, InputError),
        ({"preset": "musicecan-2024", "seconds": 2}, InputError),
        ({"seconds": 0.3, "snr_definition": "lufs"}, RecipeError),
        ({"preset": "musicecan"}, UnknownName),
    ],
)
def test_senseless_arguments_are_refused(tiny, arguments, error):
    """Each with the toolkit's own error."""
    with pytest.raises(error):
        draw(tiny, **arguments)


@pytest.mark.parametrize("change", [{"response": "hall"}, {"delay": 3}, {"input": None}])
def test_layers_are_dry_in_time_and_in_the_input(tiny, change):
    """What a recipe table of denoise cannot store is refused."""
    recipe = draw(tiny, split="test", count=1)[0]
    spoiled = replace(recipe, layers=(replace(recipe.layers[0], **change), recipe.layers[1]))

    assert all(one.holds for one in SPEC.expectations(recipe))
    assert [one.column for one in SPEC.expectations(spoiled) if not one.holds] == ["layers"]


def test_a_denoiser_may_be_told_every_layer():
    """By the names of its needs; the profile is the first second of the noise."""
    waves = {name: np.full((1, 8), n, np.float32) for n, name in enumerate(("noisy", "c", "n"))}
    audio = Audio({"noisy": waves["noisy"]}, {"clean": waves["c"]}, {"noise": waves["n"]})

    side = SPEC.side(SPEC, audio, 4)

    assert {name: wave.shape for name, wave in side.items()} == {
        "clean": (1, 8),
        "noise": (1, 8),
        "noise_profile": (1, 4),
        "mixture": (1, 8),
    }
    assert side["clean"] is waves["c"]


def test_the_row_that_does_nothing_returns_its_input():
    """The very array."""
    batch = np.zeros((2, 1, 8), np.float32)

    assert SPEC.unchanged(batch, 1) is batch


def test_a_preset_says_that_noises_are_mixed_across_splits():
    """Only a preset does."""
    assert SPEC.across_splits({}) == SPEC.across_splits({"preset": None}) == {}
    assert "test noise has been heard" in SPEC.across_splits({"preset": "musicecan-2024"})["noise"]
