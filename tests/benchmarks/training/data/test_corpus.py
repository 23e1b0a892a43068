"""A corpus gives other mixtures in every epoch, the same ones for the same numbers."""

import pickle

import numpy as np
import pytest

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.base import data_facts
from benchmarks.training.data.corpus import CorpusTrainingData
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import InputError
from mn_dataset.mix.draw import draw
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tasks.denoise import SPEC as DENOISE

HELD = Validation(mixtures=4, seconds=0.5, snr_db=(0.0, 10.0))


def data(**fields):
    return Data(**{"segment_s": 0.5, "batch": 2, "items_per_epoch": 6} | fields)


def training_data(corpus, *, seed=0, **fields):
    return CorpusTrainingData(corpus, data(**fields), HELD, task=DENOISE, seed=seed)


def items(split_data, epoch):
    return [split_data.item(epoch, index) for index in range(split_data.num_items)]


def test_the_same_numbers_give_the_same_item_in_any_order_and_process(tiny):
    """An item needs no other one to have been made."""
    forwards = items(training_data(tiny), 1)
    fresh = pickle.loads(pickle.dumps(training_data(tiny)))  # noqa: S301 - our own

    for index in (5, 0, 3):
        fresh.item(0, 2)
        item = fresh.item(1, index)
        np.testing.assert_array_equal(item.noisy, forwards[index].noisy)
        np.testing.assert_array_equal(item.clean, forwards[index].clean)


def test_epochs_and_seeds_differ(tiny):
    """No item comes twice."""
    split_data = training_data(tiny)
    drawn = [*items(split_data, 0), *items(split_data, 1), *items(training_data(tiny, seed=1), 0)]

    assert len({item.noisy.tobytes() for item in drawn}) == len(drawn)


def test_what_is_learned_and_what_is_validated_comes_from_its_own_split(tiny):
    """Every sample of the clean layers is found in a recording of the split."""
    split_data = training_data(tiny)
    layers = {"train": items(split_data, 0), "validation": split_data.validation()}

    for split, mixtures in layers.items():
        clips = [tiny.read(source.id) / 32768 for source in tiny.of("clean", split)]
        for item in mixtures:
            assert any(_holds(clip, item.clean) for clip in clips)


def test_the_snr_is_drawn_from_its_range(tiny):
    """Within the hundredth of a dB that recipes promise."""
    snrs_db = snrs_of(training_data(tiny, snr_db=(3.0, 6.0), items_per_epoch=20))

    assert 2.99 < min(snrs_db) < 4
    assert 5 < max(snrs_db) < 6.01


def test_of_several_ranges_each_is_drawn_as_often(tiny):
    """So that few mixtures can be nearly clean, or hardly music."""
    snrs_db = snrs_of(training_data(tiny, snr_db=((0.0, 2.0), (10.0, 12.0)), items_per_epoch=20))

    low, high = (sum(near - 1.01 < snr < near + 1.01 for snr in snrs_db) for near in (1, 11))
    assert low + high == 20
    assert min(low, high) >= 8


def snrs_of(data):
    """Return the SNRs of an epoch in dB."""
    return [
        10 * np.log10(np.square(item.clean).sum() / np.square(item.noisy - item.clean).sum())
        for item in items(data, 0)
    ]


def test_the_level_is_drawn_from_its_range_and_leaves_the_snr_alone(learnable):
    """A gain of the clean layer; the noise follows."""
    plain, varied = (
        items(training_data(learnable, gain_db=gain), 0) for gain in ((0, 0), (-12, 0))
    )

    for one, other in zip(plain, varied, strict=True):
        gain = np.square(other.clean).sum() / np.square(one.clean).sum()
        assert -12.1 < 10 * np.log10(gain) < 0.1  # 16-bit rounding
    # A gain of the clean layer alone would move the SNR by up to 12 dB.
    snrs_db = [
        [
            10 * np.log10(np.square(i.clean).sum() / np.square(i.noisy - i.clean).sum())
            for i in items_of
        ]
        for items_of in (plain, varied)
    ]
    np.testing.assert_allclose(*snrs_db, atol=0.02)


def test_augmentation_varies_layers_anew_in_every_epoch(tiny, tmp_path):
    """By a chain that turns every clean layer upside down."""
    pytest.importorskip("audiomentations", reason="needs: pip install 'mn-dataset[augment]'")
    chain = tmp_path / "chain.toml"
    chain.write_text('[polarity]\nprobability = 1\nlayers = ["clean"]\n', encoding="utf-8")

    turned, plain = (training_data(tiny, augment=augment) for augment in (str(chain), None))

    np.testing.assert_array_equal(turned.item(0, 0).clean, -plain.item(0, 0).clean)
    for one, other in zip(turned.validation(), plain.validation(), strict=True):
        np.testing.assert_array_equal(one.noisy, other.noisy)


def test_mixtures_are_those_of_the_torch_dataset(tiny):
    """Bit for bit, for the same recipes."""
    stream = pytest.importorskip("mn_dataset.mix.torch_dataset", reason="needs torch")
    split_data = training_data(tiny, snr_db=(5.0, 5.0))
    recipes = draw(
        tiny.only([source.row.id for source in split_data.sources]),
        split="train",
        snr_db=[(5.0, 5.0)],
        count=6,
        seconds=0.5,
        seed=split_data.item(0, 0) and split_data._recipe_seed("train", 0),
    )

    for index, item in enumerate(stream.MixtureDataset(tiny, recipes)):
        if index < len(recipes):
            np.testing.assert_array_equal(item["noisy"][0].numpy(), split_data.item(0, index).noisy)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_an_empty_split_is_refused(relabelled, split):
    """Training needs both, and says how to fill them."""
    names = {"train": 3, "validation": 2}[split]
    moved = {f"noise_{split}_{number}": {"split": "test"} for number in range(names)}

    with pytest.raises(
        InputError, match=rf"noise\.csv: no row is in the split '{split}'.*mn split"
    ):
        training_data(open_corpus(relabelled(**moved)))


def test_a_group_in_both_splits_is_refused(relabelled):
    """By name."""
    tied = {"group": "one take"}
    root = relabelled(clean_train_0=tied, clean_validation_1=tied)

    with pytest.raises(InputError, match=r"leaks: .*one take.*clean/train_0 \(train\)"):
        training_data(open_corpus(root))


def test_equal_samples_in_both_splits_are_refused(relabelled):
    """Whatever the tables call them."""
    root = relabelled()
    (root / "clean/validation_0.wav").write_bytes((root / "clean/train_1.wav").read_bytes())

    with pytest.raises(InputError, match="leaks"):
        training_data(open_corpus(root))


def test_a_take_that_was_copied_louder_or_quieter_into_validation_is_refused(relabelled):
    """No table and no hash ties it to the one that is learned from."""
    root = relabelled()
    samples = io.read_pcm(root / "clean/train_1.wav", sampling_rate=SAMPLING_RATE)
    quieter = np.rint(0.7 * samples).astype(np.int16)
    io.write_wav(root / "clean/validation_0.wav", quieter, sampling_rate=SAMPLING_RATE)

    with pytest.raises(InputError, match=r"leaks: near-duplicate .*clean/validation_0 \(valid"):
        training_data(open_corpus(root))


def test_a_clip_that_is_shorter_than_a_segment_is_left_out_and_named(relabelled, caplog):
    """The others are learned from, and validated with."""
    root = relabelled()
    for name in ("train_0", "validation_1"):
        _shorten(root / f"clean/{name}.wav", 0.3)

    split_data = training_data(open_corpus(root))

    facts = data_facts(split_data)
    assert facts["left_out"] == {
        "clips of train shorter than 0.5 s (segment_s in [data])": ["clean/train_0"],
        "clips of validation shorter than 0.5 s (seconds in [validation])": ["clean/validation_1"],
    }
    assert facts["train"]["recordings"] == 5
    assert "1 left out, clips of train shorter than 0.5 s" in caplog.text
    assert len(items(split_data, 0)) == 6
    assert len(split_data.validation()) == 4


@pytest.mark.parametrize(("split", "count"), [("train", 3), ("validation", 2)])
def test_a_split_whose_clips_are_all_too_short_is_refused(relabelled, split, count):
    """With the longest, and the field to lower."""
    root = relabelled()
    for number in range(count):
        _shorten(root / f"clean/{split}_{number}.wav", 0.2 + 0.1 * number)

    longest = 0.1 + 0.1 * count
    with pytest.raises(InputError, match=rf"longest {longest:g} s.*; lower se(gment_s|conds) in"):
        training_data(open_corpus(root))


def _shorten(path, seconds):
    samples = io.read_pcm(path, sampling_rate=SAMPLING_RATE)[: round(seconds * SAMPLING_RATE)]
    io.write_wav(path, samples, sampling_rate=SAMPLING_RATE)


def test_a_tune_on_another_instrument_is_left_out_of_validation(relabelled):
    """A group that only spans categories is no leak, and is not what validation is to hear."""
    tied = {"group": "one tune"}
    root = relabelled(clean_train_0=tied, clean_validation_1={**tied, "category": "cello"})
    corpus = open_corpus(root)

    split_data = training_data(corpus)

    assert "clean/validation_1" not in {source.row.id for source in split_data.sources}
    kept = corpus.read("clean/validation_0") / 32768
    assert all(_holds(kept, item.clean) for item in split_data.validation())


def test_the_identity_changes_with_a_split(relabelled, learnable):
    """The corpus's own hash knows samples only."""
    moved = open_corpus(relabelled(clean_test_0={"split": "train"}))

    first, second = training_data(learnable).identity, training_data(moved).identity

    assert first["corpus_hash"] == second["corpus_hash"]
    assert first["splits_sha256"] != second["splits_sha256"]


@pytest.mark.parametrize("cells", [{"category": "cello"}, {"group": "one take"}])
def test_the_identity_changes_with_what_recipes_are_drawn_by(relabelled, learnable, cells):
    """Category and group, of a recording whose samples and split are the same."""
    changed = open_corpus(relabelled(clean_train_0=cells))

    assert training_data(learnable).identity != training_data(changed).identity


def test_only_wanted_licences_are_learned_from(relabelled):
    """What is validated with may be under any: no weight depends on it."""
    root = relabelled(
        clean_train_0={"license": "CC0-1.0"},
        clean_train_1={"license": "CC-BY-NC-3.0"},
        noise_train_0={"license": "cc-by-4.0"},
        noise_train_2={"license": "CC-BY-4.0"},
    )

    split_data = training_data(open_corpus(root), licenses=("CC0-1.0", "CC-BY-4.0"))

    assert data_facts(split_data)["train"]["ids"] == ["clean/train_0", "noise/train_2"]
    assert data_facts(split_data)["validation"]["recordings"] == 4
    reason = "of a license that is not among licenses in [data]"
    assert data_facts(split_data)["left_out"][reason] == [
        "clean/train_1",
        "clean/train_2",
        "noise/train_0",
        "noise/train_1",
    ]
    for item in items(split_data, 0):
        assert _holds(open_corpus(root).read("clean/train_0") / 32768, item.clean)


def test_licences_that_leave_nothing_are_refused(learnable):
    """They state none."""
    with pytest.raises(InputError, match="no row of the split 'train' is left"):
        training_data(learnable, licenses=("free",))


def test_what_is_excluded_is_not_learned_from(learnable):
    """And is named in the facts."""
    split_data = training_data(learnable, exclude=("noise/train_1",))

    assert "noise/train_1" not in data_facts(split_data)["train"]["ids"]
    assert data_facts(split_data)["left_out"] == {"named by exclude in [data]": ["noise/train_1"]}


def test_excluding_what_is_not_there_is_told(learnable, caplog):
    """With the nearest; a configuration may serve several corpora."""
    split_data = training_data(learnable, exclude=("noise/trian_1",))

    assert "did you mean 'noise/train_1'" in caplog.text
    assert data_facts(split_data)["left_out"] == {}


def test_a_take_that_is_copied_into_test_is_refused(relabelled):
    """What a leaderboard hears must not be learned from either."""
    root = relabelled()
    samples = io.read_pcm(root / "clean/train_1.wav", sampling_rate=SAMPLING_RATE)
    quieter = np.rint(0.7 * samples).astype(np.int16)
    io.write_wav(root / "clean/test_0.wav", quieter, sampling_rate=SAMPLING_RATE)

    with pytest.raises(InputError, match=r"leaks: near-duplicate .*clean/test_0 \(test"):
        training_data(open_corpus(root))


def test_a_tune_that_is_tested_on_another_instrument_is_not_learned_from(relabelled):
    """A leaderboard is to be of unheard groups."""
    tied = {"group": "one tune"}
    root = relabelled(clean_train_0=tied, clean_test_0={**tied, "category": "cello"})

    split_data = training_data(open_corpus(root))

    assert "clean/train_0" not in data_facts(split_data)["train"]["ids"]


def _holds(recording, segment):
    """Tell whether a segment is a cut of a recording times one gain."""
    first = np.argmax(np.abs(segment))
    for start in range(0, len(recording) - len(segment) + 1, 441):
        cut = recording[start : start + len(segment)]
        gain = segment[first] / cut[first] if cut[first] else 0.0
        if np.allclose(cut * gain, segment, atol=1e-4):
            return True
    return False


SHARES = {"generated": 0.5, "second_noise": 0.3}


def test_noise_is_generated_on_the_fly_the_same_in_any_process(tiny):
    """By the numbers of the item, as recordings are drawn."""
    first = items(training_data(tiny, draw=SHARES), 1)
    fresh = pickle.loads(pickle.dumps(training_data(tiny, draw=SHARES)))  # noqa: S301 - our own

    for index in (4, 1):
        np.testing.assert_array_equal(fresh.item(1, index).noisy, first[index].noisy)
    assert len({item.noisy.tobytes() for item in first}) == len(first)


def test_generated_noise_is_among_what_is_learned_from(tiny):
    """A row for every kind, under its licence; nothing of it is validated with."""
    plain, made = training_data(tiny), training_data(tiny, draw=SHARES)
    kinds = [one.row for one in made.sources if one.row.id.startswith("generated/")]

    assert [one for one in made.sources if one.row not in kinds] == [*plain.sources]
    assert {(row.split, row.license) for row in kinds} == {("train", "CC0-1.0")}
    assert made.identity != plain.identity
    for ours, theirs in zip(made.validation(), plain.validation(), strict=True):
        np.testing.assert_array_equal(ours.noisy, theirs.noisy)
