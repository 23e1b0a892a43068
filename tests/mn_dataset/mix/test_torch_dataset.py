from __future__ import annotations

import pickle
import sys
from dataclasses import replace

import numpy as np
import pytest

import mn_dataset as mn
from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import InputError, MissingExtra, RecipeError
from mn_dataset.mix.augment.chain import LIGHT
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE

torch = pytest.importorskip("torch", reason="torch is not installed (the extra `torch`)")


@pytest.mark.parametrize("workers", [0, 2])
def test_the_stream_gives_the_samples_of_the_files(tiny, tmp_path, workers):
    """On the fly or rendered, in one process or several: the same 16-bit samples."""
    recipes = draw(tiny, split="train", snr_db=(0,), count=6)
    dataset = render(recipes, tiny, tmp_path / "dataset")
    loader = torch.utils.data.DataLoader(
        mn.MixtureDataset(tiny, recipes), batch_size=3, num_workers=workers
    )
    items = [
        (name, batch["noisy"][k], batch) for batch in loader for k, name in enumerate(batch["id"])
    ]

    assert [name for name, _, _ in items] == [recipe.id for recipe in recipes]
    for name, noisy, _ in items:
        expected = read_pcm(dataset / f"audio/{name}.noisy.wav", sampling_rate=44_100)
        assert noisy.dtype == torch.float32
        assert noisy.shape == (1, len(expected))
        assert np.array_equal((noisy[0].numpy() * 32_768).astype(np.int16), expected)


def test_an_item_names_its_cell(tiny):
    """SNR, category and class travel with the audio."""
    recipes = draw(tiny, split="train", snr_db=(7,), count=1)
    item = mn.MixtureDataset(tiny, recipes)[0]

    assert item["snr_db"] == 7
    assert item["music_category"] == recipes[0].music_category
    assert torch.equal(item["noisy"] - item["clean"], item["noise"])


@pytest.fixture(scope="module")
def train(tiny):
    pytest.importorskip("audiomentations", reason="audiomentations is not installed (`augment`)")
    return draw(tiny, split="train", snr_db=(0,), count=6)


def noisy_of(loader):
    return {
        name: batch["noisy"][k].numpy() for batch in loader for k, name in enumerate(batch["id"])
    }


@pytest.mark.parametrize("workers", [0, 2])
def test_every_epoch_varies_the_layers_anew(tiny, train, everything, tmp_path, workers):
    """Epoch zero gives the rendered samples, also in loader processes that outlive an epoch."""
    out = render(train, tiny, tmp_path / "out", augment=everything)
    stream = mn.MixtureDataset(tiny, train, augment=everything)
    loader = torch.utils.data.DataLoader(
        stream, batch_size=3, num_workers=workers, persistent_workers=workers > 0
    )
    first = noisy_of(loader)
    stream.set_epoch(1)
    second = noisy_of(loader)
    stream.set_epoch(0)
    third = noisy_of(loader)

    alone = mn.MixtureDataset(tiny, train, augment=everything, epoch=1)
    assert alone.epoch == 1
    for number, recipe in enumerate(train):
        expected = read_pcm(out / f"audio/{recipe.id}.noisy.wav", sampling_rate=SAMPLING_RATE)
        assert np.array_equal((first[recipe.id][0] * 32_768).astype(np.int16), expected)
        assert np.array_equal(third[recipe.id], first[recipe.id])
        assert np.array_equal(second[recipe.id], alone[number]["noisy"].numpy())
        assert not np.array_equal(second[recipe.id], first[recipe.id])


def test_a_pickled_stream_keeps_its_epoch(tiny, train):
    """As processes that are spawned rather than forked receive it."""
    stream = mn.MixtureDataset(tiny, train, augment="light", epoch=3)
    copy = pickle.loads(pickle.dumps(stream))  # noqa: S301 - our own bytes

    assert copy.epoch == 3
    assert torch.equal(copy[0]["noisy"], stream[0]["noisy"])


def test_the_chain_may_come_with_the_recipes(tiny, train):
    """As from a dataset's own recipes.parquet."""
    carried = mn.MixtureDataset(tiny, train.augmented(LIGHT))
    asked = mn.MixtureDataset(tiny, train, augment="light")

    assert torch.equal(carried[0]["noisy"], asked[0]["noisy"])


def test_the_target_is_the_augmented_clean(tiny, train, everything):
    """What a network is to find is what was mixed."""
    plain = mn.MixtureDataset(tiny, train)[0]
    item = mn.MixtureDataset(tiny, train, augment=everything)[0]

    assert torch.equal(item["noisy"] - item["clean"], item["noise"])
    assert not torch.equal(item["clean"], plain["clean"])


def test_what_cannot_be_meant_is_refused(tiny, train, monkeypatch):
    """No train recipe, an epoch before the first, a package that is not there."""
    with pytest.raises(RecipeError, match="augmentation is for the split 'train'"):
        mn.MixtureDataset(tiny, draw(tiny, split="test"), augment="light")
    with pytest.raises(InputError, match="the epoch is -1"):
        mn.MixtureDataset(tiny, train).set_epoch(-1)
    monkeypatch.setitem(sys.modules, "audiomentations", None)
    with pytest.raises(MissingExtra):
        mn.MixtureDataset(tiny, train, augment="light")


def test_other_splits_of_augmented_recipes_need_no_package(tiny, everything, monkeypatch):
    """Validation reads the same recipes.parquet as training, and gives what was recorded."""
    monkeypatch.setitem(sys.modules, "audiomentations", None)
    plain = draw(tiny, split="validation", count=2)
    carried = replace(plain, augmentation=everything)

    assert torch.equal(
        mn.MixtureDataset(tiny, carried, epoch=2)[1]["noisy"],
        mn.MixtureDataset(tiny, plain)[1]["noisy"],
    )
