"""One recording into M&N's form: bit for bit where it has it, and compared with what is known."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset import seeds
from mn_dataset.audio.io import read_pcm
from mn_dataset.fetch.published.recording import convert
from mn_dataset.tables import Row

RATE = 44_100
CLIP = Row(id="clean/000001", file="clean/000001.wav", category="piano", duration_s="2")
NOISE = Row(id="noise/000001", file="noise/000001.wav", category="crowd", duration_s="3")


def recorded(path: Path, *, seconds: float = 2.0, rate: int = RATE, channels: int = 1) -> Path:
    """Write full-scale 16-bit noise."""
    count = round(seconds * rate) * channels
    words = seeds.generator(0, "recorded", str(channels)).words(count).view(np.int16)[:count]
    soundfile.write(path, words.reshape(-1, channels), rate, subtype="PCM_16")
    return path


def placed(folder: Path, row: Row) -> np.ndarray:
    return read_pcm(folder / row.file, sampling_rate=RATE)


def test_a_recording_in_the_form_is_taken_bit_for_bit(tmp_path):
    """Also one over −1 dBFS, which a conversion would lower."""
    source = recorded(tmp_path / "a.wav")

    made = convert(CLIP, source, folder=tmp_path, pinned=None)

    assert made.status == "present"
    assert made.detail == "44.1 kHz mono, taken bit for bit; pinned at first use"
    assert np.array_equal(placed(tmp_path, CLIP), soundfile.read(source, dtype="int16")[0])


def test_stereo_at_16_bit_becomes_the_mean_of_its_channels(tmp_path):
    """Lowered to −1 dBFS where it is above; one gain for all samples."""
    source = recorded(tmp_path / "a.wav", channels=2)
    mean = soundfile.read(source, dtype="float64")[0].mean(axis=1)

    made = convert(CLIP, source, folder=tmp_path, pinned=None)

    ours = placed(tmp_path, CLIP).astype(np.float64)
    gain = ours @ mean / (mean @ mean)
    assert made.detail.startswith("44.1 kHz stereo, converted")
    assert np.abs(ours - gain * mean).max() <= 0.51  # half an LSB of rounding, and the fit's error


@pytest.mark.parametrize("channels", [1, 2])
def test_a_stray_at_48_khz_comes_out_at_44_1_khz(tmp_path, channels):
    """With as many seconds as it had."""
    source = recorded(tmp_path / "a.wav", rate=48_000, channels=channels)

    made = convert(CLIP, source, folder=tmp_path, pinned=None)

    assert made.detail.startswith("48 kHz")
    assert len(placed(tmp_path, CLIP)) == 2 * RATE


@pytest.mark.parametrize(
    ("row", "seconds", "samples", "said"),
    [
        (CLIP, 2.2, 2 * RATE, ""),
        (CLIP, 1.984, 87_494, "1.984 s of 2"),
        (CLIP, 60.0, 2 * RATE, "2 s of 60.000"),
        (NOISE, 3.7, 163_170, ""),
        (NOISE, 5.0, 5 * RATE, "3 s of 5.000"),
        (NOISE, 1.5, 66_150, "1.500 s of 3"),
    ],
)
def test_clips_are_cut_and_noises_stay_whole(tmp_path, row, seconds, samples, said):
    """What is not as long as its row says is told; tables state whole seconds."""
    made = convert(row, recorded(tmp_path / "a.wav", seconds=seconds), folder=tmp_path, pinned=None)

    assert len(placed(tmp_path, row)) == samples
    assert made.detail.partition("first use")[2] == (f"; {said}" if said else "")


def test_a_published_hash_proves_an_original_and_refuses_another(tmp_path):
    """48 kHz stereo WAV is FAIR-Play's own form, so its hash must be FAIR-Play's."""
    source = recorded(tmp_path / "a.wav", rate=48_000, channels=2)
    own = replace(CLIP, sha256=hashlib.sha256(source.read_bytes()).hexdigest())

    proven = convert(own, source, folder=tmp_path / "1", pinned=None)
    refused = convert(replace(CLIP, sha256="0" * 64), source, folder=tmp_path / "2", pinned=None)

    assert "proven by SHA-256" in proven.detail
    assert (refused.status, refused.pin) == ("different", None)
    assert own.sha256 in refused.detail
    assert not (tmp_path / "2").exists()


def test_a_conversion_of_a_known_original_cannot_be_proven_and_is_pinned(tmp_path):
    """A mono 44.1 kHz clip has no published hash."""
    row = replace(CLIP, sha256="0" * 64)

    made = convert(row, recorded(tmp_path / "a.wav"), folder=tmp_path, pinned=None)

    assert (made.status, made.detail.split("; ")[1]) == ("present", "pinned at first use")


def test_later_uses_are_compared_with_the_first(tmp_path):
    """Equal, a decoder's rounding, and another recording, which is not taken."""
    source = recorded(tmp_path / "a.wav")
    first = convert(CLIP, source, folder=tmp_path, pinned=None).pin
    assert first is not None
    samples = soundfile.read(source, dtype="int16")[0]
    samples[:1000] ^= 1
    soundfile.write(tmp_path / "b.wav", samples, RATE, subtype="PCM_16")
    soundfile.write(tmp_path / "c.wav", samples // 2, RATE, subtype="PCM_16")

    again = convert(CLIP, source, folder=tmp_path, pinned=first)
    nearly = convert(CLIP, tmp_path / "b.wav", folder=tmp_path, pinned=first)
    other = convert(CLIP, tmp_path / "c.wav", folder=tmp_path, pinned=first)

    assert again.detail.endswith("equal to the lock")
    assert nearly.detail.endswith("within ±1 LSB of the lock")
    assert (other.status, other.pin) == ("different", None)
    assert "differs from the lock" in other.detail
    assert np.array_equal(placed(tmp_path, CLIP), samples)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<!DOCTYPE html><html></html>", "HTML page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "git lfs pull"),
        (b"", "empty file"),
        (b"RIFF", "truncated"),
        (b"just a text", "not readable as audio"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path, content, said):
    """And nothing is put in the row's place; the message names no passing copy."""
    source = tmp_path / ".0-1.incoming.tmp"
    source.write_bytes(content)

    made = convert(CLIP, source, folder=tmp_path / "out", pinned=None)

    assert made.status == "different"
    assert said in made.detail
    assert source.name not in made.detail
    assert not (tmp_path / "out").exists()


def test_silence_and_a_truncated_recording_are_different(tmp_path):
    """A silent recording can be in no mixture; a header that promises more is no whole file."""
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE, np.int16), RATE, subtype="PCM_16")
    cut = recorded(tmp_path / "b.wav")
    cut.write_bytes(cut.read_bytes()[:-2000])

    silent = convert(CLIP, tmp_path / "a.wav", folder=tmp_path, pinned=None)
    short = convert(CLIP, cut, folder=tmp_path, pinned=None)

    assert (silent.status, silent.detail) == (
        "different",
        "44.1 kHz mono, taken bit for bit: every sample is zero",
    )
    assert short.status == "different"
    assert "truncated" in short.detail
