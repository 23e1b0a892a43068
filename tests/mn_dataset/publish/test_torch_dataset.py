"""Streaming a publication into training: every row once per epoch, whoever reads."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `torch` is not installed")

from torch.utils.data import DataLoader

from mn_dataset.audio import io
from mn_dataset.errors import InputError
from mn_dataset.mix.manifest import read_manifest
from mn_dataset.publish.torch_dataset import PublishedDataset

pytestmark = pytest.mark.filterwarnings(
    "ignore:This DataLoader will create:UserWarning"  # more processes than cores are meant
)


def ids(stream, workers):
    loader = DataLoader(stream, batch_size=None, num_workers=workers)
    return [item["id"] for item in loader]


@pytest.mark.parametrize("ranks", [1, 2])
@pytest.mark.parametrize("workers", [0, 1, 4])
def test_each_row_comes_once_per_epoch(built, published, workers, ranks):
    """Over all ranks and loader processes, shuffled; ranks differ by one row at most."""
    every = sorted(row["id"] for row in read_manifest(built) if row["split"] == "train")
    streams = [
        PublishedDataset(published, split="train", shuffle=True, rank=rank, ranks=ranks)
        for rank in range(ranks)
    ]
    found = [ids(stream, workers) for stream in streams]

    assert sorted(name for part in found for name in part) == every
    assert [len(part) for part in found] == [len(stream) for stream in streams]
    assert max(map(len, found)) - min(map(len, found)) <= 1


def test_an_epoch_has_an_order_of_its_own(published):
    """Drawn from seed and epoch alone; without shuffling it is that of the files."""
    stream = PublishedDataset(published, split="train", shuffle=True)
    first = ids(stream, 0)
    stream.set_epoch(1)
    second = ids(stream, 0)
    stream.set_epoch(0)

    assert ids(stream, 0) == first != second
    assert sorted(first) == sorted(second)
    assert first != ids(PublishedDataset(published, split="train", shuffle=True, seed=1), 0)
    plain = ids(PublishedDataset(published, split="train"), 0)
    assert plain != first


def test_samples_are_those_of_the_files(built, published):
    """Times 32768 they are the 16-bit samples; noisy − clean is noise."""
    rows = {row["id"]: row for row in read_manifest(built)}
    count = 0
    for item in PublishedDataset(published, split="test", noise_class="crowd"):
        row = rows[item["id"]]
        for part in ("noisy", "clean", "noise"):
            samples = (item[part].numpy()[0] * 32_768).astype(np.int16)
            assert io.pcm_sha256(samples) == row[f"{part}_sha256"]
        assert (item["noise_class"], item["snr_db"]) == ("crowd", row["snr_db"])
        assert item["music_category"] == row["music_category"]
        count += 1
    assert count == 3


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"split": "tst"}, "expected one of train, validation, test"),
        ({"split": "test", "noise_class": "wind"}, "no Parquet with audio"),
        ({"split": "test", "rank": 2, "ranks": 2}, "rank 2 of 2"),
        ({"split": "test", "rank": 0}, "expected both"),
    ],
)
def test_senseless_arguments_are_refused(published, options, text):
    """What was found, what is expected."""
    with pytest.raises(InputError, match=text):
        PublishedDataset(published, **options)
