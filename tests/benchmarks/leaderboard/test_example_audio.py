from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.leaderboard.example_audio import headroom_db, loudness_db, to_pcm, write_audio
from mn_dataset.audio.io import read_pcm

RATE = 8000


def tone(peak: float, *, seconds: float = 1.0) -> np.ndarray:
    time_s = np.arange(int(seconds * RATE)) / RATE
    return (peak * np.sin(2 * np.pi * 997 * time_s)).astype(np.float32)[np.newaxis]


@pytest.mark.parametrize("peak", [0.0, 0.25, 32767 / 32768])
def test_what_does_not_clip_is_rounded_and_not_attenuated(peak: float) -> None:
    """Audio within 16 bits comes back to the bit."""
    audio = np.array([[peak, -peak / 2]], np.float32)

    samples, attenuated_db = to_pcm(audio)

    assert attenuated_db == 0.0
    assert samples[0] == round(peak * 32768)


@pytest.mark.parametrize("peak", [1.0, 1.5, -40.0])
def test_what_would_clip_is_attenuated_to_the_highest_sample(peak: float) -> None:
    """The peak lands on 32767, and the attenuation is told in dB."""
    samples, attenuated_db = to_pcm(np.array([[peak, 0.0]], np.float32))

    assert abs(int(samples[0])) == 32767
    # Told to two decimals.
    assert attenuated_db == pytest.approx(20 * np.log10(abs(peak) * 32768 / 32767), abs=0.006)


@pytest.mark.parametrize("seconds", [1.0, 0.1])
def test_half_as_loud_is_6_db_less(seconds: float) -> None:
    """By BS.1770, and by RMS where that is not defined: both follow the gain."""
    loud, soft = (to_pcm(tone(peak, seconds=seconds))[0] for peak in (0.5, 0.25))

    difference = loudness_db(loud, sampling_rate=RATE) - loudness_db(soft, sampling_rate=RATE)

    # Each is told to two decimals, of samples rounded to 16 bits.
    assert difference == pytest.approx(20 * np.log10(2), abs=0.011)


def test_a_residual_is_raised_to_the_mixture_s_loudness_if_that_fits() -> None:
    """It comes as loud as was wanted; where it would clip, as loud as its peak allows."""
    residual = tone(0.01)
    wanted_db = loudness_db(to_pcm(tone(0.1))[0], sampling_rate=RATE)

    assert headroom_db(residual, wanted_db, sampling_rate=RATE) == pytest.approx(20, abs=0.02)
    # 40 dB below full scale, less the margin of 0.1 dB; the peak is rounded to 16 bits.
    assert headroom_db(residual, 20.0, sampling_rate=RATE) == pytest.approx(39.9, abs=0.03)
    assert headroom_db(residual, -90.0, sampling_rate=RATE) == 0.0


def test_files_are_whole_and_hold_the_samples(tmp_path: Path) -> None:
    """FLAC is exact, and no temporary file stays."""
    written = write_audio(tmp_path / "a" / "tone.flac", tone(0.5), sampling_rate=RATE)

    samples = read_pcm(tmp_path / "a" / "tone.flac", sampling_rate=RATE)
    np.testing.assert_array_equal(samples, to_pcm(tone(0.5))[0])
    assert written.attenuated_db == 0.0
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["tone.flac"]
