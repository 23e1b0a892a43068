"""Shares of generated noise and of second noises are kept to, and leave other draws alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mn_dataset.errors import InputError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.records import NOISE_CLASSES
from mn_dataset.synthetic.generated import is_generated, named
from mn_dataset.tasks.denoise import SPEC

COUNT = 300


def drawn(corpus, **options):
    return draw(corpus, split="train", count=COUNT, seconds=1, snr_db=[(-5.0, 25.0)], **options)


def made(recipe):
    return is_generated(recipe.layer("noise").source_id)


def noises(recipe):
    return [layer for layer in recipe.layers if layer.role == "noise"]


def test_the_share_of_generated_noise_is_the_one_asked(tiny):
    """In the whole, and even over classes, of which each noise is one."""
    recipes = [*drawn(tiny, generated=0.3)]

    assert 0.24 * COUNT < sum(map(made, recipes)) < 0.36 * COUNT
    for noise_class in NOISE_CLASSES:
        among = [recipe for recipe in recipes if recipe.noise_class == noise_class]
        assert len(among) == COUNT // len(NOISE_CLASSES)
        assert 0.1 * len(among) < sum(map(made, among)) < 0.5 * len(among)
    for recipe in filter(made, recipes):
        noise = named(recipe.layer("noise").source_id)
        assert (noise.noise_class, noise.num_samples) == (recipe.noise_class, recipe.num_samples)


def test_a_class_may_have_a_share_of_its_own(tiny):
    """All electrical noise, none of the others."""
    for recipe in drawn(tiny, generated={"electrical": 1.0}):
        assert made(recipe) == (recipe.noise_class == "electrical")


def test_no_generated_noise_comes_twice(tiny):
    """Nor with another seed."""
    recipes = [*drawn(tiny, generated=1), *drawn(tiny, generated=1, seed=1)]
    ids = [recipe.layer("noise").source_id for recipe in recipes]

    assert len(set(ids)) == 2 * COUNT


def test_shares_of_nothing_leave_draws_as_they_were(tiny):
    """To the last field."""
    assert drawn(tiny, generated=0, second_noise=0) == drawn(tiny)
    assert drawn(tiny, generated={"crowd": 0.0}) == drawn(tiny)


def test_a_share_is_added_without_changing_what_is_asked(tiny):
    """Cells and SNRs stay, and one noise of a mixture too when it gets a second."""
    plain, shared = drawn(tiny), drawn(tiny, generated=0.5)
    for before, after in zip(plain, shared, strict=True):
        assert before.labels == after.labels
        assert (before.id, before.seed) == (after.id, after.seed)


def test_the_share_of_second_noises_is_the_one_asked(tiny):
    """Another recording, at one SNR of both together, −10 to 10 dB above the first."""
    recipes = drawn(tiny, second_noise=0.2)
    doubled = [recipe for recipe in recipes if len(noises(recipe)) == 2]

    assert 0.14 * COUNT < len(doubled) < 0.26 * COUNT
    for recipe in doubled:
        first, second = noises(recipe)
        assert first.source_id != second.source_id
        assert first.snr_db == second.snr_db == recipe.snr_db
        assert first.gain == 1.0
        assert 0.01 < second.gain < 100.0
        assert tiny.sources[first.source_id].row.category == recipe.noise_class
        assert tiny.sources[second.source_id].row.split == "train"
    assert len({tiny.sources[noises(one)[1].source_id].row.category for one in doubled}) == 5


def test_a_second_noise_may_be_generated_too(tiny):
    """As often as a first one."""
    seconds = [noises(one)[1] for one in drawn(tiny, generated=0.5, second_noise=1.0)]

    assert 0.4 * COUNT < sum(is_generated(one.source_id) for one in seconds) < 0.6 * COUNT


def test_loudness_is_measured_where_it_is_what_snr_means(tiny):
    """Of the noise that is made for it."""
    recipes = draw(
        tiny, split="train", count=5, seconds=1, snr_definition="lufs", generated=1, second_noise=1
    )

    assert all(map(made, recipes))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"generated": 1.5}, InputError),
        ({"generated": "some"}, InputError),
        ({"generated": {"crowds": 0.5}}, UnknownName),
        ({"generated": {"crowd": -0.5}}, InputError),
        ({"second_noise": 2}, InputError),
        ({"generated": 0.5, "preset": "musicecan-2024"}, InputError),
        ({"second_noise": 0.5, "preset": "musicecan-2024"}, InputError),
    ],
)
def test_what_is_no_share_is_refused(tiny, options, error):
    """Naming the option."""
    with pytest.raises(error, match=r"generated|second_noise|crowds"):
        draw(tiny, split="train", **options)


@pytest.mark.parametrize("change", [{"gain": None}, {"snr_db": None}, {"role": "clean"}])
def test_two_noises_have_a_gain_each_and_one_snr(tiny, change):
    """Anything else cannot be rendered."""
    recipe = next(one for one in drawn(tiny, second_noise=1.0) if len(noises(one)) == 2)
    spoiled = replace(recipe, layers=(*recipe.layers[:2], replace(recipe.layers[2], **change)))

    assert all(one.holds for one in SPEC.expectations(recipe))
    assert not all(one.holds for one in SPEC.expectations(spoiled))
