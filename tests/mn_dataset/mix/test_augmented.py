"""Datasets whose train mixtures are augmented: the promises of plain ones, and the record."""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import DatasetError, InputError, MissingExtra, RecipeError
from mn_dataset.mix.augment.apply import replay
from mn_dataset.mix.augment.chain import FULL, LIGHT, Chain
from mn_dataset.mix.augment.draw import from_text
from mn_dataset.mix.augment.transforms import Gain
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.render import render
from mn_dataset.mix.source_cache import SourceCache
from mn_dataset.mix.verify import verify
from mn_dataset.records import SAMPLING_RATE, SNR_DEFINITIONS

pytest.importorskip("audiomentations", reason="audiomentations is not installed (`augment`)")


def tree(folder):
    """Hash every file of a dataset but its card, which names the folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "README.md"
    }


def rows_of(folder):
    return pq.read_table(folder / "manifest.parquet").to_pylist()


@pytest.fixture(scope="module")
def recipes(tiny):
    return draw(tiny, split=("train", "test"), snr_db=(0, 10), count=20)


@pytest.fixture(scope="module")
def dataset(tiny, recipes, tmp_path_factory, everything):
    return render(recipes, tiny, tmp_path_factory.mktemp("augmented") / "one", augment=everything)


def parts(folder, row):
    return {
        name: read_pcm(folder / row[name], sampling_rate=SAMPLING_RATE)
        for name in ("noisy", "clean", "noise")
    }


def test_the_snr_is_met_and_the_triple_adds_up(dataset):
    """After augmentation, on the samples in the files; and `mn verify` measures the same."""
    for row in rows_of(dataset):
        found = {name: samples.astype(np.int64) for name, samples in parts(dataset, row).items()}
        snr_db = 10 * np.log10(np.square(found["clean"]).sum() / np.square(found["noise"]).sum())

        assert abs(snr_db - row["snr_db"]) <= 0.01
        assert np.array_equal(found["noisy"] - found["clean"], found["noise"])
        assert len(found["noisy"]) == row["num_samples"]
    assert verify(dataset) == []


@pytest.mark.parametrize("definition", SNR_DEFINITIONS)
def test_every_definition_is_met(tiny, definition, everything):
    """The layers that are measured are the augmented ones."""
    recipes = draw(tiny, split="train", snr_db=(-5, 20), snr_definition=definition, count=6)
    sources = SourceCache(tiny)

    for recipe in recipes:
        mixture = mix(recipe, sources, chain=everything)
        assert abs(mixture.ratios_db[1][definition] - recipe.snr_db) <= 0.01


def test_what_the_manifest_tells_makes_the_files_again(tiny, recipes, dataset):
    """Recorded samples + told steps + stored gains = both layers, sample for sample."""
    sources, varied = SourceCache(tiny), 0
    for recipe, row in zip(recipes, rows_of(dataset), strict=True):
        steps = from_text(row["augmentation"] or "[]")
        for role, gain in (("clean", 1.0), ("noise", row["noise_gain"])):
            recorded = sources.cut(recipe.layer(role), recipe.num_samples).samples
            own = [step for step in steps if step.layer == role]
            again = replay(recorded, own).astype(np.float64) * (gain * row["mix_gain"])

            assert np.array_equal(np.rint(again), parts(dataset, row)[role])
            varied += bool(own)
    assert varied > 30  # of the 40 layers of 20 train mixtures


def test_every_transform_was_seen(dataset, everything):
    """The other tests of this file speak of all of them, and of clipping."""
    told = [step for row in rows_of(dataset) for step in from_text(row["augmentation"] or "[]")]

    assert {step.transform for step in told} == {*everything.transforms, "fit"}


def test_only_train_is_augmented(tiny, recipes, dataset, tmp_path):
    """Test mixtures are the bytes of a plain rendering, and their column is empty."""
    plain = render(recipes, tiny, tmp_path / "plain")
    ours, theirs = tree(dataset), tree(plain)

    assert {row["split"] for row in rows_of(dataset) if row["augmentation"] is None} == {"test"}
    for name, digest in theirs.items():
        if name.startswith("audio/test"):
            assert ours[name] == digest
        if name.startswith("audio/train") and "noisy" in name:
            assert ours[name] != digest


def test_a_plain_dataset_has_no_trace(tiny, recipes, tmp_path):
    """No column, no metadata, no section on the card."""
    plain = render(recipes, tiny, tmp_path / "plain")
    schema = pq.read_schema(plain / "manifest.parquet")

    assert "augmentation" not in schema.names
    assert b"augmentation" not in schema.metadata
    assert b"augmentation" not in pq.read_schema(plain / "recipes.parquet").metadata
    assert "ugment" not in (plain / "README.md").read_text()


def test_two_workers_make_the_bytes_of_one(tiny, recipes, dataset, tmp_path, everything):
    """The numbers are the recipe's, whichever process draws them."""
    assert tree(render(recipes, tiny, tmp_path / "two", augment=everything, workers=2)) == tree(
        dataset
    )


def test_one_recipe_picked_is_the_same_bytes(tiny, recipes, dataset, tmp_path, everything):
    """Row 23 alone is row 23 of the whole."""
    one = render(recipes, tiny, tmp_path / "one", rows=["23"], augment=everything)
    row = rows_of(one)[0]

    assert row["split"] == "train"
    assert row == rows_of(dataset)[23]
    assert tree(one)[row["noisy"]] == tree(dataset)[row["noisy"]]


def test_a_stopped_rendering_resumes_to_the_same_bytes(
    tiny, recipes, dataset, tmp_path, everything
):
    """Stopped after five mixtures, then finished from the folder's own recipes, no chain given."""

    def stop(done, _):
        if done == 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render(recipes, tiny, tmp_path / "out", augment=everything, progress=stop)
    carried = read_recipes(tmp_path / "out/recipes.parquet")
    assert carried.augmentation == everything

    assert tree(render(carried, tiny, tmp_path / "out")) == tree(dataset)


def test_a_hole_is_filled_from_the_manifest(tiny, recipes, dataset, tmp_path, everything):
    """A finished folder's record of steps survives its rerun."""
    out = render(recipes, tiny, tmp_path / "out", augment=everything)
    (out / "audio/train/000003.clean.wav").unlink()

    assert tree(render(recipes, tiny, out, augment=everything)) == tree(dataset)


@pytest.mark.parametrize("augment", ["full", None])
def test_a_folder_of_another_chain_is_refused(tiny, recipes, dataset, augment):
    """Another chain, or none, is another dataset."""
    with pytest.raises(DatasetError, match="other recipes"):
        render(recipes, tiny, dataset, augment=augment)


def test_recipes_carry_their_chain(recipes, tmp_path):
    """Through the file; another chain on top of it is refused."""
    write_recipes(tmp_path / "recipes.parquet", recipes.augmented(LIGHT))
    carried = read_recipes(tmp_path / "recipes.parquet")

    assert carried == recipes.augmented(LIGHT)
    assert carried.augmented(None) == carried.augmented(LIGHT) == carried
    with pytest.raises(RecipeError, match="another augmentation"):
        carried.augmented(FULL)


def test_a_file_with_a_broken_chain_is_refused(recipes, tmp_path):
    """By the file's name."""
    path = tmp_path / "recipes.parquet"
    write_recipes(path, recipes.augmented(LIGHT))
    table = pq.read_table(path)
    broken = table.schema.metadata | {b"augmentation": b'{"gian": {}}'}
    pq.write_table(table.replace_schema_metadata(broken), path)

    with pytest.raises(InputError, match=r"recipes\.parquet: metadata: unknown transform 'gian'"):
        read_recipes(path)


def test_test_recipes_alone_are_not_augmented(tiny, tmp_path):
    """Asking for it says why, and makes nothing."""
    with pytest.raises(RecipeError, match="the recipes are of test; augmentation is for the split"):
        render(draw(tiny, split="test"), tiny, tmp_path / "out", augment="light")
    assert not (tmp_path / "out").exists()


def test_a_missing_package_stops_before_anything_is_written(tiny, recipes, tmp_path, monkeypatch):
    """With the command that installs it; plain rendering does not ask."""
    monkeypatch.setitem(sys.modules, "audiomentations", None)

    with pytest.raises(MissingExtra, match="'audiomentations' is not installed"):
        render(recipes, tiny, tmp_path / "out", augment="light")
    assert not (tmp_path / "out").exists()
    assert render(recipes, tiny, tmp_path / "plain", rows=["0"])


def test_layers_that_16_bits_cannot_carry_are_mixed_as_recorded(tiny, tmp_path):
    """30 dB down at 40 dB SNR, a noise of half an LSB is left: no steps are done, and none told."""
    recipes = draw(tiny, split="train", snr_db=(40,), count=2)
    chain = Chain(gain=Gain(probability=1.0, gain_db=(-25, -25)))
    out = render(recipes, tiny, tmp_path / "out", augment=chain)
    plain = render(recipes, tiny, tmp_path / "plain")

    assert [row["augmentation"] for row in rows_of(out)] == ["[]", "[]"]
    assert tree(out)["audio/train/000000.noisy.wav"] == tree(plain)["audio/train/000000.noisy.wav"]
    assert verify(out) == []


@pytest.mark.parametrize(
    "cell", ["[]]", '[{"layer": "clean", "transform": "gain", "parameters": {}}]']
)
def test_a_changed_record_is_found(tiny, recipes, tmp_path, cell, everything):
    """`mn verify` draws the steps again and compares."""
    out = render(recipes, tiny, tmp_path / "out", rows=["20", "21"], augment=everything)
    path = out / "manifest.parquet"
    table = pq.read_table(path)
    rows = table.to_pylist()
    rows[1]["augmentation"] = cell
    pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), path)

    (fault,) = verify(out)
    assert str(fault).startswith("manifest.parquet: contradiction: train/000001: augmentation")


def test_the_card_tells_the_chain_and_its_promise(dataset):
    """Transforms with their ranges, the splits left alone, and the versions."""
    card = (dataset / "README.md").read_text()

    assert "Of these mixtures, 20 are of the split `train`" in card
    assert "| pitch | clean, noise | 0.5 | semitones -1 … 1 |" in card
    assert "audiomentations " in card
    assert "on one machine" in card


def test_the_record_is_json_that_others_can_read(dataset):
    """A list of layer, transform, parameters."""
    row = next(row for row in rows_of(dataset) if row["split"] == "train")

    for step in json.loads(row["augmentation"]):
        assert set(step) == {"layer", "transform", "parameters"}
