from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from mn_dataset.mix.augment.chain import CHAINS, FULL, Chain
from mn_dataset.mix.augment.draw import FIT, Step, choose, from_text, to_text, unexplained
from mn_dataset.mix.augment.transforms import Gain, Polarity, Reverb
from mn_dataset.records import ROLES, Layer, Recipe
from mn_dataset.tasks.denoise import SPEC, labels


@pytest.fixture
def recipe():
    return Recipe(
        id="train/000000",
        task="denoise",
        split="train",
        seed=3,
        num_samples=44_100,
        sampling_rate=44_100,
        layers=(Layer("clean", "clean/a", 0, gain=1.0), Layer("noise", "noise/b", 0, snr_db=5.0)),
        targets=("clean",),
        labels=labels("crowd", "piano", 5.0),
    )


def several(recipe, count=400):
    return [replace(recipe, id=f"train/{number:06d}") for number in range(count)]


def test_a_choice_is_golden(recipe):
    """The same seed, id and role have given these numbers since the day they were written."""
    chain = Chain(
        polarity=Polarity(probability=1.0), gain=Gain(probability=1.0, gain_db=(-6.0, 6.0))
    )

    assert choose(recipe, "clean", chain) == (
        Step("clean", "polarity", {}),
        Step("clean", "gain", {"gain_db": 2.77064}),
    )


def test_a_choice_is_its_own_in_any_order(recipe):
    """Each recipe's steps depend on itself alone."""
    forward = {one.id: choose(one, "clean", FULL) for one in several(recipe)}
    backward = {one.id: choose(one, "clean", FULL) for one in reversed(several(recipe))}

    assert forward == backward


def test_seed_id_layer_and_epoch_each_choose_anew(recipe):
    """No two of them share their numbers."""
    chain = Chain(gain=Gain(probability=1.0, layers=ROLES, gain_db=(-6, 6)))
    chosen = [
        choose(recipe, "clean", chain),
        choose(recipe, "noise", chain),
        choose(recipe, "clean", chain, epoch=1),
        choose(replace(recipe, seed=4), "clean", chain),
        choose(replace(recipe, id="train/000001"), "clean", chain),
    ]

    assert len({step.parameters["gain_db"] for (step,) in chosen}) == len(chosen)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_only_train_recipes_are_varied(recipe, split):
    """Whatever the chain."""
    assert choose(replace(recipe, split=split), "clean", FULL) == ()


@pytest.mark.parametrize("name", CHAINS)
def test_every_number_is_in_its_range_and_as_frequent_as_asked(recipe, name):
    """Over 400 recipes, per transform and layer."""
    chain = CHAINS[name]
    for role in ROLES:
        steps = [step for one in several(recipe) for step in choose(one, role, chain)]
        counts = Counter(step.transform for step in steps)
        for kind, transform in chain.transforms.items():
            expected = 400 * transform.probability if role in transform.layers else 0
            # Four standard deviations of a binomial count of 400: at most 40.
            assert abs(counts[kind] - expected) <= 40
        for step in steps:
            for key, number in step.parameters.items():
                if key not in ("seed", "format", "rolloff_db_per_octave"):
                    low, high = getattr(chain.transforms[step.transform], key)
                    assert low <= number <= high


def test_another_probability_leaves_the_other_transforms_alone(recipe):
    """What a chain draws for gain does not hang on whether there was a room."""
    gain = Gain(probability=1.0, gain_db=(-6, 6))
    room = Reverb(probability=0.0, rt60_s=(0.1, 0.9), direct_to_reverberant_db=(0, 10))
    never, always = (
        choose(recipe, "clean", Chain(reverb=replace(room, probability=chance), gain=gain))
        for chance in (0.0, 1.0)
    )

    assert never[-1] == always[-1]
    assert [step.transform for step in always] == ["reverb", "gain"]


def test_steps_come_back_from_the_manifests_text(recipe):
    """Number for number."""
    steps = [step for one in several(recipe, 50) for step in choose(one, "clean", FULL)]

    assert from_text(to_text(steps)) == tuple(steps)


def test_a_manifest_that_tells_other_steps_is_unexplained(recipe):
    """A number changed, a step left out, a step where none belongs; a whole layer may be dry."""
    both = [step for role in ROLES for step in choose(recipe, role, FULL)]
    clean = [step for step in both if step.layer == "clean"]
    changed = [replace(clean[0], parameters={"gain_db": 1.0}), *clean[1:]]

    assert clean
    assert unexplained(recipe, SPEC, FULL, to_text(both)) is None
    assert unexplained(recipe, SPEC, FULL, to_text([])) is None
    assert (
        unexplained(recipe, SPEC, FULL, to_text([*clean, Step("clean", FIT, {"gain_db": -1})]))
        is None
    )
    assert "on clean" in (unexplained(recipe, SPEC, FULL, to_text(changed)) or "")
    assert "on clean" in (unexplained(recipe, SPEC, FULL, to_text(both[1:])) or "")
    assert "on drums" in (
        unexplained(recipe, SPEC, FULL, to_text([Step("drums", "gain", {})])) or ""
    )
    assert "expected a list" in (unexplained(recipe, SPEC, FULL, "nonsense") or "")
    assert "expected a list" in (unexplained(recipe, SPEC, FULL, '[{"who": 1}]') or "")
    assert "expected a list" in (unexplained(recipe, SPEC, FULL, None) or "")
    assert "not augmented" in (unexplained(recipe, SPEC, None, "[]") or "")
    assert unexplained(recipe, SPEC, None, None) is None
