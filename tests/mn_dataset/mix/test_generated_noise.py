"""A dataset may hold noise that stands in no file, and two noises at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio import io
from mn_dataset.errors import RecipeError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.torch_dataset import MixtureDataset
from mn_dataset.mix.verify import verify
from mn_dataset.publish.publish import publish
from mn_dataset.publish.rebuild import rebuild
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.synthetic.generated import is_generated, named


@pytest.fixture(scope="module")
def recipes(tiny):
    return draw(tiny, split="train", count=20, seconds=0.8, generated=0.6, second_noise=0.5)


@pytest.fixture(scope="module")
def dataset(tiny, recipes, tmp_path_factory):
    return render(recipes, tiny, tmp_path_factory.mktemp("generated") / "dataset")


def rows_of(dataset, table="manifest"):
    return pq.read_table(dataset / f"{table}.parquet").to_pylist()


def wave(dataset, row, part):
    return io.read_pcm(dataset / row[part], sampling_rate=SAMPLING_RATE)


def test_recipes_come_back_from_their_table(recipes, tmp_path):
    """Whole, with both noises."""
    write_recipes(tmp_path / "recipes.parquet", recipes)

    assert read_recipes(tmp_path / "recipes.parquet") == recipes
    assert {len(recipe.layers) for recipe in recipes} == {2, 3}


def test_the_dataset_is_what_its_recipes_say(dataset):
    """SNRs of the sum of both noises included."""
    assert verify(dataset) == []
    for row in rows_of(dataset):
        clean, noise = (wave(dataset, row, part).astype(np.float64) for part in ("clean", "noise"))
        assert 10 * np.log10(clean @ clean / (noise @ noise)) == pytest.approx(
            row["snr_db"], abs=0.01
        )


def test_generated_noise_is_in_the_mixture_to_the_sample(dataset, recipes, tiny):
    """At the gain that the manifest states, where it is alone."""
    rows = {row["id"]: row for row in rows_of(dataset)}
    alone = [r for r in recipes if len(r.layers) == 2 and is_generated(r.layers[1].source_id)]
    assert alone
    for recipe in alone:
        row = rows[recipe.id]
        samples = named(recipe.layers[1].source_id).samples
        expected = np.rint(samples * (row["noise_gain"] * row["mix_gain"]))

        assert np.abs(wave(dataset, row, "noise") - expected).max() <= 1


def test_two_noises_stand_at_their_gains(tiny, recipes):
    """And their sum is what is kept as noise."""
    sources = SourceCache(tiny)
    doubled = [recipe for recipe in recipes if len(recipe.layers) == 3]
    for recipe in doubled[:4]:
        mixture = mix(recipe, sources)
        first, second = mixture.gains[1:]

        assert second / first == pytest.approx(recipe.layers[2].gain, rel=1e-6)
        np.testing.assert_array_equal(mixture.kept["noise"], sum(mixture.layers[1:]))
        np.testing.assert_array_equal(
            mixture.inputs["noisy"], mixture.targets["clean"] + mixture.kept["noise"]
        )


def test_sources_name_class_licence_and_provenance(dataset):
    """Beside the recordings, with the hash of the samples."""
    made = [row for row in rows_of(dataset, "sources") if is_generated(row["id"])]

    assert made
    for row in made:
        assert (row["license"], row["origin"]) == ("CC0-1.0", "synthetic")
        assert row["id"].split("/")[1] == row["category"]
        assert row["pcm_sha256"] == io.pcm_sha256(named(row["id"]).samples)
    card = (dataset / "README.md").read_text()
    assert "Generated noise sounds in" in card
    assert "Two noises sound at a time in" in card


def test_processes_and_batches_on_the_fly_give_the_same_samples(dataset, recipes, tiny, tmp_path):
    """In two processes, and as a training reads them."""
    again = render(recipes, tiny, tmp_path / "again", workers=2)
    assert (again / "manifest.parquet").read_bytes() == (dataset / "manifest.parquet").read_bytes()

    stream = MixtureDataset(tiny, recipes)
    for number, row in enumerate(rows_of(dataset)[:6]):
        pcm = (stream[number]["noisy"].numpy()[0] * 32768).astype(np.int16)
        np.testing.assert_array_equal(pcm, wave(dataset, row, "noisy"))


def test_two_noises_are_augmented_and_recorded(tiny, recipes, everything, tmp_path):
    """The record leads to the samples again; the second noise stays as it is."""
    pytest.importorskip("audiomentations", reason="audiomentations is not installed (`augment`)")
    folder = render(recipes, tiny, tmp_path / "varied", augment=everything)

    assert verify(folder) == []


def test_a_publication_of_recipes_is_rebuilt(dataset, tiny, tmp_path):
    """Generated noise needs no recording."""
    published = tmp_path / "published"
    publish(dataset, published, recipe_only=True)

    again = rebuild(published, tiny, tmp_path / "rebuilt")

    assert (again / "manifest.parquet").read_bytes() == (dataset / "manifest.parquet").read_bytes()


def test_a_noise_that_nobody_can_make_is_refused(tiny, recipes, tmp_path):
    """Before anything is rendered, naming it."""
    recipe = recipes[0]
    noise = replace(recipe.layers[1], source_id="generated/crowd/whales/35280/1")
    spoiled = replace(recipes, rows=(replace(recipe, layers=(recipe.layers[0], noise)),))

    with pytest.raises(RecipeError, match="whales"):
        render(spoiled, tiny, tmp_path / "none")
