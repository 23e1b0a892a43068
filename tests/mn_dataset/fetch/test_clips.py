"""Clips are plain cuts of their originals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import soxr

from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import AudioError
from mn_dataset.fetch.clips import cut, cut_all, is_stored, store
from mn_dataset.fetch.lockfile import pin_samples, pinned_row, source_sha256
from mn_dataset.tables import Row


@pytest.fixture
def row():
    return Row(
        id="clean/song/1",
        file="clean/song/1.wav",
        category="song",
        sha256="1" * 64,
        start_s="0.25",
        duration_s="0.5",
    )


def test_a_cut_is_the_mean_of_the_channels_resampled_and_then_cut(tmp_path, row):
    """Whole samples of the whole recording at 44.1 kHz: the edges know their neighbours."""
    stereo = np.sin(np.arange(48_000)[:, None] * np.array([0.01, 0.023])) * 0.4
    soundfile.write(tmp_path / "x.wav", stereo, 48_000, subtype="DOUBLE")
    (made,) = cut_all(tmp_path / "x.wav", [(row, None)], tmp_path)
    expected = soxr.resample(stereo.mean(axis=1), 48_000, 44_100, quality="VHQ")[11_025:33_075]

    found = read_pcm(tmp_path / row.file, sampling_rate=44_100)
    assert not made.problem
    assert made.agreement is None
    np.testing.assert_array_equal(found, np.rint(expected * 32_768))


def test_a_loud_cut_is_lowered_by_one_gain(row):
    """To −1 dBFS; others are left as they are."""
    loud = np.sin(np.arange(44_100) * 0.05)
    samples = cut(loud, row)

    assert np.abs(samples).max() == pytest.approx(32_768 * 10 ** (-1 / 20), abs=1)
    assert np.corrcoef(samples, loud[11_025:33_075])[0, 1] > 0.999999


def test_a_cut_may_hang_over_by_what_tables_round(row):
    """A millisecond at most; without a duration it goes to the end."""
    mono = np.full(33_075, 0.1)

    assert len(cut(mono[:-40], row)) == 22_050 - 40
    assert len(cut(mono, replace(row, duration_s=""))) == 22_050
    with pytest.raises(AudioError, match=r"lasts 0\.748 s; expected to cut 0\.5 s from 0\.25 s"):
        cut(mono[:-100], row)
    with pytest.raises(AudioError, match=r"lasts 0\.227 s"):
        cut(mono[:10_000], replace(row, duration_s=""))


def test_an_original_that_is_no_audio_is_a_problem_of_each_of_its_rows(tmp_path, row):
    """Proven by its hash, and still not decoded here."""
    (tmp_path / "x.mp3").write_bytes(b"not audio" * 100)
    made = cut_all(tmp_path / "x.mp3", [(row, None), (row, None)], tmp_path)

    assert ["not readable as audio" in item.problem for item in made] == [True, True]
    assert not (tmp_path / row.file).exists()


@pytest.mark.parametrize(("change", "verdict"), [(0, "equal"), (1, "±1 LSB"), (100, "different")])
@pytest.mark.parametrize("where", ["lock", "table"])
def test_a_cut_is_compared_with_what_was_pinned(tmp_path, row, change, verdict, where):
    """And put in its place unless it is different."""
    samples = np.arange(1000, dtype=np.int16)
    other = samples + change * (samples % 3 == 0).astype(np.int16)
    pinned = pin_samples(row.id, other, original_sha256=row.sha256)
    stated = pinned_row(row, pinned) if where == "table" else row

    made = store(stated, samples, folder=tmp_path, pinned=pinned if where == "lock" else None)

    assert made.agreement == verdict
    assert (tmp_path / row.file).exists() is (verdict != "different")


def test_a_recording_stands_when_every_byte_does(tmp_path, row):
    """A flipped bit, a cut end, another header or another original: it is made again."""
    made = store(row, np.arange(1000, dtype=np.int16), folder=tmp_path, pinned=None).pin
    path = tmp_path / row.file
    content = path.read_bytes()

    assert is_stored(tmp_path, row, made)
    assert not is_stored(tmp_path, row, None)
    assert not is_stored(tmp_path, replace(row, sha256="2" * 64), made)
    for damaged in (content[:-2], content + b"\0\0", b"RIFX" + content[4:], content[:40], b""):
        path.write_bytes(damaged)
        assert not is_stored(tmp_path, row, made)
    path.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    assert not is_stored(tmp_path, row, made)
    path.unlink()
    assert not is_stored(tmp_path, row, made)


def test_what_is_made_from_no_file_is_pinned_to_its_source(row):
    """The embedded corpus's source names its seed and revision."""
    embedded = replace(row, sha256="", source="synthetic: a piano (seed 0, revision 1)")
    revised = replace(embedded, source="synthetic: a piano (seed 0, revision 2)")

    assert source_sha256(row) == row.sha256
    assert source_sha256(embedded) != source_sha256(revised)
