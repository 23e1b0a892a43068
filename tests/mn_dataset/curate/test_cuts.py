from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import soundfile

from mn_dataset.curate.curate import curate
from mn_dataset.curate.cuts import Flaws
from mn_dataset.errors import InputError

RATE = 44_100


def test_a_recording_is_cut_in_order_and_its_end_is_told(sound, rows, tmp_path):
    """25 s give two clips of one group, and 5 s left out; the noise stays whole."""
    whole = sound(tmp_path / "raw/piano/a.wav", seconds=25, subtype="PCM_16")
    sound(tmp_path / "raw/crowd/b.wav", seconds=25)
    report = curate(tmp_path / "raw", tmp_path / "out")
    first, second = rows(tmp_path / "out", "clean")
    (noise,) = rows(tmp_path / "out", "noise")

    assert report.tails_s == 5.0
    assert [row["start_s"] for row in (first, second)] == ["0", "10"]
    assert first["group"] == second["group"] != noise["group"]
    assert first["id"].endswith("-0000")
    assert (noise["duration_s"], first["original_duration_s"]) == ("25", "25")
    samples, _ = soundfile.read(tmp_path / "out" / second["file"], dtype="int16")
    assert np.abs(samples - whole[10 * RATE : 20 * RATE, 0] * 32_768).max() <= 1  # two roundings


@pytest.mark.parametrize("seconds", [9.99, 10.0])
def test_a_recording_no_longer_than_a_clip_is_kept_whole(sound, rows, tmp_path, seconds):
    """Its id is the recording's, without a number."""
    sound(tmp_path / "raw/piano/a.wav", seconds=seconds)
    curate(tmp_path / "raw", tmp_path / "out")
    (row,) = rows(tmp_path / "out", "clean")

    assert float(row["duration_s"]) == seconds
    assert not row["id"].endswith("-0000")


def test_lengths_are_chosen(sound, rows, tmp_path):
    """Clips of 4 s, noises of 3 s; or whole clips."""
    sound(tmp_path / "raw/piano/a.wav", seconds=9)
    sound(tmp_path / "raw/crowd/b.wav", seconds=9)
    curate(tmp_path / "raw", tmp_path / "cut", clip_s=4, noise_s=3)
    curate(tmp_path / "raw", tmp_path / "whole", clip_s=None)

    assert [row["duration_s"] for row in rows(tmp_path / "cut", "clean")] == ["4", "4"]
    assert [row["start_s"] for row in rows(tmp_path / "cut", "noise")] == ["0", "3", "6"]
    assert [row["duration_s"] for row in rows(tmp_path / "whole", "clean")] == ["9"]


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "ULAW"])
def test_clipping_is_seen_in_every_width(sound, tmp_path, subtype):
    """Twice too loud a sine is cut off at whatever full scale the file has."""
    time = np.arange(2 * RATE) / RATE
    loud = np.clip(2 * np.sin(2 * np.pi * 440 * time), -1, 1)[:, None]
    sound(tmp_path / "raw/piano/loud.wav", samples=loud, subtype=subtype)
    sound(tmp_path / "raw/piano/good.wav", samples=0.45 * loud, subtype=subtype)
    strict = curate(tmp_path / "raw", tmp_path / "strict")
    lenient = curate(tmp_path / "raw", tmp_path / "lenient", max_clipped=1.0)

    assert [item.file for item in strict.rejected] == ["piano/loud.wav"]
    assert (strict.clips, lenient.clips) == (1, 2)


@pytest.mark.parametrize("block", [1, 2, 3, 7, 100])
def test_flaws_do_not_depend_on_the_blocks(block):
    """Runs that cross from one block to the next are counted once and whole."""
    samples = np.zeros((100, 2), np.int16)
    samples[5:8, 0] = samples[20:22, 1] = samples[40:50, 1] = 32_767
    samples[60:70, 0] = -32_768
    samples[80:83, 0] = (32_767, 32_766, 32_767)
    flaws = Flaws(sampling_rate=100, top=32_767.0)
    for start in range(0, len(samples), block):
        flaws.note(samples[start : start + block])

    assert flaws.clipped_share(0.0, 1.0) == (3 + 10 + 10) / 100
    assert flaws.clipped_share(0.25, 0.75) == 20 / 50


def test_a_long_recording_needs_no_more_memory(sound, tmp_path):
    """Ten minutes are 212 MB of samples; converting them holds a few clips."""
    sound(tmp_path / "raw/piano/a.wav", seconds=600, rate=8_000)
    tracemalloc.start()
    try:
        report = curate(tmp_path / "raw", tmp_path / "out")
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert report.clips == 60
    assert most < 40e6  # two cuts of 3.5 MB, blocks, the filter's output, and the imports


def test_a_recording_too_long_to_be_whole_is_named(sound, rejected, tmp_path, monkeypatch):
    """The cure is to have it cut."""
    monkeypatch.setattr("mn_dataset.curate.cuts.LONGEST_WHOLE_S", 3.0)
    sound(tmp_path / "raw/crowd/long.wav", seconds=5)
    sound(tmp_path / "raw/piano/a.wav")
    curate(tmp_path / "raw", tmp_path / "out", clip_s=2)

    assert "too long to be kept whole" in rejected(tmp_path / "out")["crowd/long.wav"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("clip_s", 0.5),
        ("clip_s", float("nan")),
        ("noise_s", 0.1),
        ("min_s", -1.0),
        ("loudness_lufs", 5.0),
        ("max_clipped", 2.0),
    ],
)
def test_options_that_make_no_sense_are_refused(sound, tmp_path, option, value):
    """By name, before anything is written."""
    sound(tmp_path / "raw/piano/a.wav")
    with pytest.raises(InputError, match=f"{option} is .*expected"):
        curate(tmp_path / "raw", tmp_path / "out", **{option: value})
    assert not (tmp_path / "out").exists()
