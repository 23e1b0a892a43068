"""A built dataset gives segments of its mixtures, and is refused where it is not fit."""

import pickle
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.training.config import Data, Validation
from benchmarks.training.data.dataset import DatasetTrainingData
from mn_dataset.audio.io import read_pcm, write_wav
from mn_dataset.errors import AudioError, DatasetError, InputError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.recipes import Recipes
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tasks.denoise import SPEC as DENOISE

HELD = Validation(mixtures=3, seconds=0.5)


@pytest.fixture(scope="module")
def rendered(tiny, tmp_path_factory):
    recipes = draw(tiny, split=["train", "validation"], snr_db=[5], count=4, seconds=1.0)
    return render(recipes, tiny, tmp_path_factory.mktemp("datasets") / "rendered")


def training_data(root, *, seed=0, segment_s=0.5):
    return DatasetTrainingData(
        root, Data(segment_s=segment_s, batch=2), HELD, task=DENOISE, seed=seed
    )


def test_segments_are_cut_from_the_split_at_another_place_in_every_epoch(rendered):
    """Noisy and clean at the same one."""
    data = training_data(rendered)
    files = sorted((rendered / "audio/train").glob("*.noisy.wav"))
    starts = []

    for epoch in range(3):
        item = data.item(epoch, 1)
        noisy, clean = (
            read_pcm(files[1].with_name(files[1].name.replace("noisy", part)), sampling_rate=44_100)
            for part in ("noisy", "clean")
        )
        starts.append(_place(noisy / 32768, item.noisy))
        np.testing.assert_array_equal(
            item.clean, clean[starts[-1] : starts[-1] + 22_050].astype(np.float32) / 32768
        )

    assert data.num_items == 4
    assert len(set(starts)) == 3


def test_the_same_numbers_give_the_same_segment_in_any_process(rendered):
    """Nothing is drawn from what was drawn before."""
    item = training_data(rendered).item(2, 3)

    again = pickle.loads(pickle.dumps(training_data(rendered))).item(2, 3)  # noqa: S301 - our own

    np.testing.assert_array_equal(item.noisy, again.noisy)


def test_validation_is_fixed_by_the_seed(rendered):
    """Of validation's mixtures alone."""
    first, again, other = (training_data(rendered, seed=seed).validation() for seed in (0, 0, 1))

    assert len(first) == 3
    assert all(item.id.startswith("validation/") for item in first)
    assert [item.noisy.tobytes() for item in first] == [item.noisy.tobytes() for item in again]
    assert [item.noisy.tobytes() for item in first] != [item.noisy.tobytes() for item in other]


def test_a_split_without_mixtures_is_refused(tiny, tmp_path):
    """It says how to build both."""
    recipes = draw(tiny, split="train", snr_db=[5], count=2, seconds=1.0)

    with pytest.raises(InputError, match="no mixture is in the split 'validation'"):
        training_data(render(recipes, tiny, tmp_path / "out"))


def test_a_recording_in_both_splits_is_refused(tiny, tmp_path):
    """As the published preset does with noises."""
    recipes = draw(tiny, split=["train", "validation"], snr_db=[5], count=2, seconds=1.0)
    noise = recipes.rows[0].layer("noise")
    rows = [
        row
        if row.split == "train"
        else type(row)(**{**vars(row), "layers": (row.layer("clean"), with_snr(row, noise))})
        for row in recipes.rows
    ]
    shared = type(recipes)(tuple(rows), recipes.corpus, recipes.corpus_hash)

    with pytest.raises(InputError, match=f"{noise.source_id} is mixed in train and in validation"):
        training_data(render(shared, tiny, tmp_path / "out"))


def with_snr(row, layer):
    return type(layer)(**{**vars(layer), "snr_db": row.snr_db})


def test_mixtures_shorter_than_a_segment_are_refused(rendered):
    """With both lengths."""
    with pytest.raises(DatasetError, match=r"lasts 1 s, shorter than a segment of 1\.5 s"):
        training_data(rendered, segment_s=1.5)


def test_a_mixture_that_is_shorter_than_a_segment_is_left_out_and_named(tiny, tmp_path):
    """The longer ones are learned from."""
    long, short = (
        draw(tiny, split=["train", "validation"], snr_db=[5], count=2, seconds=seconds).rows
        for seconds in (1.0, 0.3)
    )
    mixed = [replace(row, id=row.id.replace("00000", "1")) for row in short]
    recipes = Recipes(tuple(sorted((*long, *mixed), key=lambda row: row.id)), tiny.name, tiny.hash)

    data = training_data(render(recipes, tiny, tmp_path / "out"))

    assert data.num_items == 2
    assert list(data.left_out.values()) == [["train/10", "train/11"]]


def test_a_dataset_whose_card_tells_of_a_leak_is_refused(rendered, tmp_path):
    """Between the two splits that training parts, as allow_leak lets it be built."""
    root = shutil.copytree(rendered, tmp_path / "leaking")
    card, text = root / "README.md", (rendered / "README.md").read_text(encoding="utf-8")
    leak = "* **leak**: near-duplicate is in more than one split: clean/a (train), clean/b ({})\n"

    card.write_text(text + leak.format("test"), encoding="utf-8")
    assert training_data(root).num_items == 4
    card.write_text(text + leak.format("validation"), encoding="utf-8")
    with pytest.raises(InputError, match=r"although its splits leak: near-dup.*allow_leak"):
        training_data(root)


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("task", "transcribe", "task transcribe"),
        ("sampling_rate", 48_000, "48000 Hz; expected 44100"),
    ],
)
def test_a_dataset_of_another_task_or_rate_is_refused(rendered, tmp_path, column, value, message):
    """By what it is, and what was expected."""
    root = shutil.copytree(rendered, tmp_path / "other")
    manifest = pq.read_table(root / "manifest.parquet")
    number = manifest.column_names.index(column)
    values = pa.array([value] * len(manifest), manifest.schema.field(column).type)
    changed = manifest.set_column(number, manifest.schema.field(column), values)
    pq.write_table(changed, root / "manifest.parquet")

    with pytest.raises(DatasetError, match=message):
        training_data(root)


def test_changed_samples_are_refused_when_they_are_read(rendered, tmp_path):
    """The manifest knows their hash."""
    root = shutil.copytree(rendered, tmp_path / "changed")
    path = sorted((root / "audio/train").glob("*.clean.wav"))[0]
    samples = read_pcm(path, sampling_rate=SAMPLING_RATE)
    samples[7] ^= 1
    write_wav(path, samples, sampling_rate=SAMPLING_RATE)

    with pytest.raises(AudioError, match="not those of the manifest"):
        training_data(root).item(0, 0)


def _place(recording, segment):
    windows = np.lib.stride_tricks.sliding_window_view(recording.astype(np.float32), len(segment))
    return (
        int(np.flatnonzero(windows[:, 0] == segment[0])[0])
        if len(windows) == 1
        else next(
            start
            for start in np.flatnonzero(windows[:, 0] == segment[0])
            if np.array_equal(windows[start], segment)
        )
    )
