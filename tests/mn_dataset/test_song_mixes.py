"""Songs in stems become clean music that is learned from: songs, voices, drums and so on."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import load_corpus
from mn_dataset.audio.io import read_pcm
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import read_table, table_path

PERF = Path(__file__).parents[2] / "perf"

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


@pytest.fixture
def mixes(monkeypatch, songs_folder, tmp_path):
    """The corpus that the script makes of songs in stems."""
    monkeypatch.syspath_prepend(PERF)
    script = import_module("song_mixes")
    monkeypatch.setattr("sys.argv", ["song_mixes.py", str(songs_folder), str(tmp_path / "mixes")])
    script.main()
    return tmp_path / "mixes"


def test_every_song_of_the_train_split_is_mixed_in_each_way_that_differs(mixes):
    """What is not sung is no song; a mix of the same stems is not made twice."""
    rows = read_table(table_path(mixes, "clean"), "clean")

    assert {row.split for row in rows} == {"train"}
    assert [row.id.removeprefix("clean/") for row in rows] == [
        "song/train_one_song",
        "song/train_one_voice",
        "song/train_one_unplugged",
        "drum_kit/train_one_drums",
        "multi_instrument/train_one_instruments",
        "multi_instrument/train_three_instruments",
        "song/train_two_song",
        "song/train_two_voice",
        "multi_instrument/train_two_instruments",
    ]


def test_a_mix_is_the_sum_of_its_stems(mixes, songs_folder):
    """At their levels, since nothing clips here."""
    stems = [
        read_pcm(songs_folder / f"train_one/{name}.wav", sampling_rate=SAMPLING_RATE)
        for name in ("vocals", "bass")
    ]

    path = mixes / "clean/song/train_one_unplugged.flac"
    mix = read_pcm(path, sampling_rate=SAMPLING_RATE)

    assert np.array_equal(mix, np.sum(stems, axis=0))


def test_it_is_a_corpus(mixes):
    """Licences and groups are those of the stems."""
    sources = load_corpus(mixes).sources.values()

    assert {source.row.license for source in sources} == {"CC0-1.0"}
