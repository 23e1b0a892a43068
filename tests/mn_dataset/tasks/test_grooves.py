"""Grooves of hits that many microphones heard: what they hear is added up of it, exactly."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.audio.response import quantise
from mn_dataset.errors import InputError, RecipeError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.verify import verify

VOICES = ("kdrumr", "snare", "hihat", "tom1", "crashr")


@pytest.fixture
def kit(kit_folder):
    return open_corpus(kit_folder)


def drawn(corpus, **options):
    options = {"stems": 5, "seconds": 2.0, "count": 2} | options
    return draw(corpus, task="debleed", bleed="measured", split="test", **options)


def tree(folder):
    """Hash every file of a dataset but its card, which names the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "README.md"
    }


def heard(corpus, recipes, layer, num_samples):
    """The recording of a layer at each of its onsets, in exact numbers: taps times samples."""
    response = next(one for one in recipes.responses if one.name == layer.response)
    sums = np.zeros(num_samples, np.int64)
    recording = corpus.read(layer.source_id).astype(np.int64)
    for onset in np.flatnonzero(response.taps):
        part = recording[: num_samples - onset]
        sums[onset : onset + len(part)] += part * int(response.taps[onset])
    return sums * 2.0**-response.scale_bits


def test_a_microphone_is_the_sum_of_what_it_heard_of_every_hit(kit):
    """Its target is what it heard of its own drums, and all of it is exact."""
    recipes = drawn(kit)
    for recipe in recipes:
        mixture = mix(recipe, SourceCache(kit, recipes.responses))
        assert recipe.targets == VOICES
        for name in VOICES:
            total, own = np.zeros((2, recipe.num_samples), np.int64)
            for layer in recipe.layers:
                if layer.input != f"{name}_mic":
                    continue
                exact = heard(kit, recipes, layer, recipe.num_samples)
                part = np.rint(exact * mixture.mix_gain).astype(np.int64)
                total += part
                own += part if layer.target == name else 0
                drum = dict(kit.sources[layer.source_id].row.further)["drum"]
                assert (layer.target == name) == (layer.role == "own") == drum.startswith(name)
            assert np.array_equal(mixture.inputs[f"{name}_mic"], total)
            assert np.array_equal(mixture.targets[name], own)
            assert own.any()


def test_a_hit_at_two_onsets_sounds_twice(kit):
    """Each time whole, and silence follows."""
    recipe = drawn(kit, count=1)[0]
    layer = next(one for one in recipe.layers if one.role == "own")
    response = quantise(
        np.eye(1, 30_001, 10_000)[0] + np.eye(1, 30_001, 30_000)[0],
        name="two",
        provenance="by hand",
    )
    alone = replace(layer, response="two")
    others = [one for one in recipe.layers if one.role == "own" and one.input != layer.input]
    recipe = replace(recipe, layers=(alone, *(replace(one, gain=0.0) for one in others)))
    responses = [response, *drawn(kit, count=1).responses]

    target = mix(recipe, SourceCache(kit, responses)).targets[layer.target]

    recording = kit.read(layer.source_id)
    assert np.array_equal(target[10_000:14_410], recording)
    assert np.array_equal(target[30_000:34_410], recording)
    assert not target[:10_000].any()
    assert not target[14_410:30_000].any()
    assert not target[34_410:].any()


def test_hits_of_a_drum_take_turns(kit):
    """No two strokes of the kick after each other are of one recording."""
    recipes = drawn(kit, count=3, seconds=6.0)
    for recipe in recipes:
        onsets = [
            (int(onset), response.name)
            for response in recipes.responses
            if response.name.startswith(f"{recipe.id}/kdrumr")
            for onset in np.flatnonzero(response.taps)
        ]
        names = [name for _, name in sorted(onsets)]
        assert len(names) > 4
        assert all(one != other for one, other in pairwise(names))


def test_fewer_stems_are_the_first_microphones(kit):
    """What the other drums play bleeds."""
    for recipe in drawn(kit, stems=2, count=4):
        assert recipe.targets == ("kdrumr", "snare")
        assert recipe.inputs == ("kdrumr_mic", "snare_mic")
        assert any("hihatclosed_20" in layer.source_id for layer in recipe.layers)


def test_two_workers_make_the_bytes_of_one_after_a_kill_too(kit, kit_folder, tmp_path):
    """And the folder is what its recipes say."""
    recipes = drawn(kit, count=4, seconds=1.0)
    write_recipes(tmp_path / "recipes.parquet", recipes)
    one = render(recipes, kit, tmp_path / "one")
    two = render(recipes, kit, tmp_path / "two", workers=2)
    script = (
        "import sys, time; from pathlib import Path\n"
        "from mn_dataset.audio.corpus import open_corpus\n"
        "from mn_dataset.mix.recipes import read_recipes\n"
        "from mn_dataset.mix.render import render\n"
        "render(read_recipes(Path(sys.argv[1])), open_corpus(Path(sys.argv[2])), sys.argv[3],\n"
        "       progress=lambda done, total: time.sleep(0.2))\n"
    )
    words = sys.executable, "-c", script, tmp_path / "recipes.parquet", kit_folder, tmp_path / "out"
    process = subprocess.Popen([str(word) for word in words])
    while len(list((tmp_path / "out").glob("audio/test/*.wav"))) < 12:
        time.sleep(0.01)
        assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    resumed = render(recipes, kit, tmp_path / "out")

    assert tree(one) == tree(two) == tree(resumed)
    assert verify(one) == []


def test_a_seed_is_a_session(kit):
    """Recipes and responses are drawn again, the first ones whatever the count."""
    few, many = drawn(kit, count=2), drawn(kit, count=4)

    assert few.rows == many.rows[:2]
    assert few.responses == many.responses[: len(few.responses)]
    assert drawn(kit, count=2, seed=1).responses != few.responses


def test_what_cannot_be_drawn_is_refused(kit, songs):
    """By what is there, and what to ask for."""
    with pytest.raises(InputError, match="target is 'dry': of measured bleed no source is known"):
        drawn(kit, target="dry")
    with pytest.raises(RecipeError, match=r"'kit' has 5 close microphones \(kdrumr, snare"):
        drawn(kit, stems=6)
    with pytest.raises(InputError, match="stems is 1; expected 2 or more"):
        drawn(kit, stems=1)
    with pytest.raises(InputError, match="seconds is 200; expected at most 190 for grooves"):
        drawn(kit, seconds=200)
    with pytest.raises(RecipeError, match="has a drum and a microphone; measured bleed is drawn f"):
        drawn(songs)


def test_what_a_studio_has(real_kit):
    """Of a real kit close microphones are clean, and an overhead is not."""
    corpus = open_corpus(real_kit)
    recipes = drawn(corpus, stems=7, count=1, seconds=10.0)

    ratios = {name: [] for name in recipes[0].targets}
    for recipe in recipes:
        mixture = mix(recipe, SourceCache(corpus, recipes.responses))
        for name, target in mixture.targets.items():
            own = target.astype(float)
            bleed = mixture.inputs[f"{name}_mic"] - own
            ratios[name].append(10 * np.log10((own @ own) / (bleed @ bleed)))

    assert list(ratios) == ["kdrumr", "snare", "hihat", "tom1", "tom3", "tom4", "crashr"]
    means = {name: np.mean(of_name) for name, of_name in ratios.items()}
    assert min(means, key=means.__getitem__) == "crashr"
    assert 4 < means["crashr"] < 11
    assert 22 < np.mean(list(means.values())) < 28  # 24.7 dB were measured of another groove
