from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mn_dataset.audio.level import hop_energies, measure
from mn_dataset.errors import RecipeError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.gains import Loudness, Measured
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.scaling import scale, sums_of
from mn_dataset.mix.source_cache import Cut, Responded, SourceCache
from mn_dataset.tasks.denoise import SPEC

RATE = 44_100


def measured(samples):
    hops = hop_energies(samples, sampling_rate=RATE)
    return Measured(measure(np.rint(samples).astype(np.int32)), Loudness(hops, RATE))


@pytest.fixture(scope="module")
def recipe(tiny):
    return draw(tiny, split="test", snr_db=(5,), count=1)[0]


def test_layers_are_found_by_input_target_and_role(recipe):
    """Of a recipe of two layers: both in the input, one the target, one kept."""
    sums = sums_of(recipe, SPEC)

    assert sums.inputs == {"noisy": (0, 1)}
    assert sums.targets == {"clean": (0,)}
    assert sums.kept == {"noise": (1,)}
    assert sums.groups == {("noisy", "clean"): (0,), ("noisy", "noise"): (1,)}
    assert sums.references == {"noisy": (0,)}


def test_a_segment_at_gain_one_is_itself(tiny, recipe):
    """Nothing is copied or measured again."""
    cut = SourceCache(tiny).cut(recipe.layers[0], recipe.num_samples)

    assert scale(cut, 1.0) is cut


def test_what_is_no_whole_number_is_rounded_at_gain_one_too():
    """Halves go to even, as everywhere."""
    samples = np.tile([0.5, 1.5, -2.5, 100.25], 5_000)

    scaled = scale(Responded(samples, measured(samples)), 1.0)

    assert scaled.samples[:4].tolist() == [0, 2, -2, 100]
    assert scaled.measured.level.energy == int(np.square(scaled.samples.astype(int)).sum())


def test_scaling_beyond_16_bits_is_an_error():
    """The guard comes first."""
    samples = np.full(2_000, 20_000, np.int16)

    with pytest.raises(OverflowError, match="leaves 16 bits"):
        scale(Cut(samples, measured(samples)), 2.0)


def test_a_ratio_that_cannot_be_met_names_recipe_ratio_and_recordings(tiny, recipe):
    """The noise would be far below one step."""
    clean, noise = recipe.layers
    impossible = replace(recipe, layers=(clean, replace(noise, snr_db=200.0)))

    with pytest.raises(
        RecipeError,
        match=rf"recipe {recipe.id}: 200 dB \(power\) .* {clean.source_id} and {noise.source_id}",
    ):
        mix(impossible, SourceCache(tiny))


def test_a_gain_that_is_given_is_kept_and_its_ratio_told(tiny, recipe):
    """No ratio is asked, so none is solved for."""
    clean, noise = recipe.layers
    given = replace(recipe, layers=(clean, replace(noise, snr_db=None, gain=0.25)))

    mixture = mix(given, SourceCache(tiny))

    assert mixture.gains == (1.0, 0.25)
    powers = [np.mean(layer.astype(np.float64) ** 2) for layer in mixture.layers]
    expected = 10 * np.log10(powers[0] / powers[1])
    assert mixture.ratios_db[1]["power"] == pytest.approx(expected, abs=1e-9)
