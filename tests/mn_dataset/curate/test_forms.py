from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from mn_dataset.audio.convert import PEAK_CEILING
from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate

FORMS = [
    ("train/Piano/two words.wav", 48_000, 2, {"subtype": "PCM_16"}),
    ("train/cello /24 bit.wav", 96_000, 1, {"subtype": "PCM_24"}),
    ("val/Drum Kit/line\nbreak.wav", 192_000, 2, {"subtype": "PCM_32"}),
    ('dev/chinese-lute/古筝 "x".wav', 44_100, 6, {"subtype": "FLOAT"}),
    ("test/harp/Für Elise.flac", 44_100, 2, {"subtype": "PCM_24"}),
    ("test/song/comma, 'quote'.ogg", 44_100, 2, {"subtype": "VORBIS"}),
    ("eval/trumpet/😀.mp3", 48_000, 1, {"subtype": "MPEG_LAYER_III"}),
    ("noise/Crowd/old.aiff", 22_050, 2, {"subtype": "PCM_16"}),
    ("noise/train/traffic/phone.wav", 8_000, 1, {"subtype": "PCM_U8"}),
    ("noise/weather/odd.wav", 44_056, 3, {"subtype": "DOUBLE"}),
    ("noise/stationary/telephone.au", 8_000, 1, {"subtype": "ULAW"}),
    ("noise/electrical/speech.opus", 48_000, 1, {"subtype": "OPUS", "format": "OGG"}),
]


def by_hand(path: Path) -> np.ndarray:
    """Convert as the field does: whole, in floats; in LSB, not yet rounded."""
    samples, rate = soundfile.read(path, always_2d=True)
    mono = soxr.resample(samples.mean(axis=1), rate, 44_100, quality="VHQ") * 32_768
    return mono * min(1.0, PEAK_CEILING / np.abs(mono).max())


@pytest.fixture(params=[1, 2])
def workers(request):
    return request.param


def test_every_form_becomes_the_corpus_s(sound, rows, tmp_path, workers):
    """Formats, widths, rates 8 to 192 kHz and up to six channels; the judge finds no error."""
    for file, rate, channels, form in FORMS:
        sound(tmp_path / "raw" / file, rate=rate, channels=channels, **form)
    out = tmp_path / "out"
    report = curate(tmp_path / "raw", out, workers=workers)
    found = rows(out, "clean") + rows(out, "noise")

    assert (report.clips, report.noises, report.rejected) == (7, 5, ())
    assert {row["original"] for row in found} == {form[0] for form in FORMS}
    assert all(row["file"].isascii() and row["file"].islower() for row in found)
    assert [finding for finding in check(out) if finding.severity == "error"] == []
    for row in found:
        samples, rate = soundfile.read(out / row["file"], dtype="int16")
        expected = by_hand(tmp_path / "raw" / row["original"])
        assert rate == 44_100
        assert len(samples) == len(expected)
        # Half an LSB of rounding, and what blocks and the order of a sum make of it.
        assert np.abs(samples - expected).max() < 0.51


def test_what_is_in_the_form_already_stays_as_it_is(sound, rows, tmp_path):
    """Mono, 44.1 kHz, 16-bit below −1 dBFS: the same samples, no gain."""
    samples = sound(tmp_path / "raw/piano/a.wav", subtype="PCM_16")
    curate(tmp_path / "raw", tmp_path / "out")
    (row,) = rows(tmp_path / "out", "clean")
    found, _ = soundfile.read(tmp_path / "out" / row["file"], dtype="int16")
    expected, _ = soundfile.read(tmp_path / "raw/piano/a.wav", dtype="int16")

    assert np.array_equal(found, expected)
    assert float(row["gain_db"]) == 0.0
    assert len(found) == len(samples)


def test_a_suffix_that_lies_does_not_matter(sound, rows, tmp_path):
    """The bytes count: FLAC called .wav, WAV called .mp4, MP3 without any suffix."""
    sound(tmp_path / "raw/piano/a.wav", format="FLAC")
    sound(tmp_path / "raw/piano/b.mp4", format="WAV")
    sound(tmp_path / "raw/piano/c", format="MP3")
    (tmp_path / "raw/piano/notes.txt").write_text("about these recordings")

    assert curate(tmp_path / "raw", tmp_path / "out").clips == 3
    assert {row["original"] for row in rows(tmp_path / "out", "clean")} == {
        "piano/a.wav",
        "piano/b.mp4",
        "piano/c",
    }


@pytest.mark.parametrize(
    "case",
    [
        ("a.mp4", "aac"),
        ("a.mkv", "vorbis"),
        ("a.webm", "libopus"),
        ("a.m4a", "aac"),
        ("a.aac", "aac"),
        ("a.wma", "wmav2"),
        ("-i -y pipe:1 %d.mov", "pcm_s16le"),
        ("a\nb.avi", "pcm_s16le"),
    ],
)
def test_a_sound_track_is_a_recording(sound, film, rows, tmp_path, case):
    """Of video, AAC and their like; lossless ones sample for sample, whatever their names."""
    name, codec = case
    sound(tmp_path / "a.wav", rate=48_000, channels=2, subtype="PCM_16", seconds=3)
    samples, _ = soundfile.read(tmp_path / "a.wav")
    film(tmp_path / "raw/piano" / name, samples, codec=codec, rate=48_000)
    curate(tmp_path / "raw", tmp_path / "out")
    (row,) = rows(tmp_path / "out", "clean")
    found, _ = soundfile.read(tmp_path / "out" / row["file"], dtype="int16")

    assert row["original"] == f"piano/{name}"
    assert abs(len(found) - 3 * 44_100) < 4_500  # the padding of two AAC or Opus frames
    if codec == "pcm_s16le":
        assert np.abs(found - by_hand(tmp_path / "a.wav")).max() < 0.51  # rounding, as above


def test_a_video_without_sound_is_named(sound, film, rejected, tmp_path):
    """So is one of which the end is missing."""
    samples = sound(tmp_path / "raw/piano/good.wav")
    film(tmp_path / "raw/piano/mute.mp4", codec="aac", picture="mpeg4")
    film(tmp_path / "raw/piano/cut.mp4", samples, codec="aac")
    whole = (tmp_path / "raw/piano/cut.mp4").read_bytes()
    (tmp_path / "raw/piano/cut.mp4").write_bytes(whole[: len(whole) // 2])
    curate(tmp_path / "raw", tmp_path / "out")
    reasons = rejected(tmp_path / "out")

    assert "no sound track" in reasons["piano/mute.mp4"]
    assert "cannot be decoded (moov atom not found)" in reasons["piano/cut.mp4"]
    assert str(tmp_path) not in "".join(reasons.values())


def test_without_the_package_a_video_waits_for_it(sound, film, rejected, tmp_path, monkeypatch):
    """It is rejected with the cure, and taken by the run after the installation."""
    samples = sound(tmp_path / "raw/piano/good.wav")
    film(tmp_path / "raw/piano/a.mkv", samples, codec="aac")
    with monkeypatch.context() as bare:
        bare.setitem(sys.modules, "av", None)
        without = curate(tmp_path / "raw", tmp_path / "out")
        reason = rejected(tmp_path / "out")["piano/a.mkv"]
    with_it = curate(tmp_path / "raw", tmp_path / "out")

    assert "run: pip install 'mn-dataset[decode]'" in reason
    assert (without.clips, with_it.clips, with_it.finished) == (1, 2, 1)
