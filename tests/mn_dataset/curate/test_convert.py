"""A cut becomes a clip at its level, or is rejected for a reason."""

from __future__ import annotations

import math

import numpy as np
import pyloudnorm
import pytest
import soundfile

from mn_dataset.audio.segment import MIN_LOOP
from mn_dataset.curate.curate import curate

RATE = 44_100


def test_the_short_are_rejected(sound, rejected, tmp_path):
    """Under min_s; a noise also under what its loop needs."""
    sound(tmp_path / "raw/piano/short.wav", seconds=0.9)
    sound(tmp_path / "raw/piano/enough.wav", seconds=1.1)
    sound(tmp_path / "raw/crowd/short.wav", seconds=MIN_LOOP / RATE - 0.01)
    report = curate(tmp_path / "raw", tmp_path / "out")
    second = curate(tmp_path / "raw", tmp_path / "other", min_s=0.1)

    assert (
        "lasts 0.900 s; a clean recording needs 1 s"
        in rejected(tmp_path / "out")["piano/short.wav"]
    )
    assert (report.clips, report.noises) == (1, 0)
    assert (second.clips, second.noises) == (2, 0)
    assert "needs 0.52 s" in rejected(tmp_path / "other")["crowd/short.wav"]


def spoiled(kind: str) -> np.ndarray:
    """Thirty seconds of which the second ten cannot be used."""
    time = np.arange(30 * RATE) / RATE
    samples = 0.5 * np.sin(2 * np.pi * 440 * time) + 0.01
    middle = slice(10 * RATE, 20 * RATE)
    if kind == "clipped":
        samples[middle] = np.clip(samples[middle] * 2.2, -1, 1)
    elif kind in ("NaN", "-inf", "3e38"):
        samples[15 * RATE] = float(kind)
    else:
        samples[middle] *= {"zero": 0.0, "-60": 10.0 ** (-55 / 20)}[kind]
    return samples[:, None]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("clipped", "clipped: "),
        ("NaN", "1 samples are NaN"),
        ("-inf", "infinite"),
        ("3e38", "impossibly large"),
        ("zero", "the mean over its channels is zero"),
        ("-60", "silent: -64.0 dBFS RMS"),
    ],
)
def test_a_cut_that_cannot_be_used_is_left_out_alone(sound, rows, tmp_path, kind, reason):
    """Its neighbours are kept, and it is named by place and reason."""
    sound(tmp_path / "raw/piano/a.wav", samples=spoiled(kind), subtype="FLOAT")
    report = curate(tmp_path / "raw", tmp_path / "out")
    (rejection,) = report.rejected

    assert [row["start_s"] for row in rows(tmp_path / "out", "clean")] == ["0", "20"]
    assert rejection.where == "10.000-20.000 s"
    assert reason in rejection.reason


def test_gain_and_loudness_are_those_of_the_clip(sound, rows, tmp_path):
    """Lowered to −1 dBFS, measured by an independent meter, and written down."""
    sound(tmp_path / "raw/piano/loud.wav", samples=spoiled("NaN")[: 5 * RATE] * 3, subtype="FLOAT")
    sound(tmp_path / "raw/piano/quiet.wav", seconds=3, peak=0.05)
    sound(tmp_path / "raw/piano/tiny.wav", seconds=0.3)
    curate(tmp_path / "raw", tmp_path / "out", min_s=0.1)
    found = {row["original"]: row for row in rows(tmp_path / "out", "clean")}
    loud, _ = soundfile.read(tmp_path / "out" / found["piano/loud.wav"]["file"])

    assert 20 * math.log10(np.abs(loud).max()) == pytest.approx(-1.0, abs=0.001)  # one LSB
    assert float(found["piano/loud.wav"]["gain_db"]) == pytest.approx(
        -1.0 - 20 * math.log10(1.53), abs=1e-4
    )
    assert float(found["piano/loud.wav"]["dc_offset"]) == pytest.approx(loud.mean(), abs=1e-6)
    for name in ("loud", "quiet"):
        row = found[f"piano/{name}.wav"]
        meter = pyloudnorm.Meter(RATE)
        expected = meter.integrated_loudness(soundfile.read(tmp_path / "out" / row["file"])[0])
        assert float(row["loudness_lufs"]) == pytest.approx(expected, abs=0.006)  # two decimals
    assert found["piano/tiny.wav"]["loudness_lufs"] == ""


def test_loudness_is_brought_to_what_is_asked(sound, rows, tmp_path):
    """As far as the peak allows, and the report says where it did not."""
    sound(tmp_path / "raw/piano/quiet.wav", seconds=3, peak=0.05)
    impulses = np.full((3 * RATE, 1), 0.002)
    impulses[::4410] = 0.8
    sound(tmp_path / "raw/piano/peaky.wav", samples=impulses)
    report = curate(tmp_path / "raw", tmp_path / "out", loudness_lufs=-20.0)
    found = {row["original"]: row for row in rows(tmp_path / "out", "clean")}
    meter = pyloudnorm.Meter(RATE)
    quiet, _ = soundfile.read(tmp_path / "out" / found["piano/quiet.wav"]["file"])
    peaky, _ = soundfile.read(tmp_path / "out" / found["piano/peaky.wav"]["file"])

    assert meter.integrated_loudness(quiet) == pytest.approx(-20.0, abs=0.01)  # 16-bit rounding
    assert 20 * math.log10(np.abs(peaky).max()) == pytest.approx(-1.0, abs=0.001)
    assert report.limited == 1
    assert "1 cuts are quieter than asked" in str(report)
