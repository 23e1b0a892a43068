"""A picture has bounded size, and shows what was there, when, and at which pitch."""

import numpy as np
import pytest

from benchmarks.denoise import spectrogram
from benchmarks.denoise.spectrogram import BANDS, Spectrogram, draw
from mn_dataset.errors import OutputError

RATE = 16_000


def tone(frequency_hz, seconds, *, channels=1):
    phase = 2 * np.pi * frequency_hz * np.arange(round(seconds * RATE)) / RATE
    return np.repeat(np.sin(phase)[:, None], channels, axis=1)


def seen(samples, length=5_000):
    picture = Spectrogram(RATE)
    for first in range(0, len(samples), length):
        picture.add(samples[first : first + length])
    return picture.power()


def test_a_tone_stands_in_its_band_at_its_time():
    """First a low one, then a high one."""
    power = seen(np.concatenate([tone(1_000, 2.0), tone(6_000, 2.0)]))

    loudest = power.argmax(axis=1) * (RATE / 2) / BANDS
    half = len(power) // 2
    np.testing.assert_allclose(loudest[: half - 2], 1_000, atol=RATE / 2 / BANDS)
    np.testing.assert_allclose(loudest[half + 2 :], 6_000, atol=RATE / 2 / BANDS)


def test_blocks_and_equal_channels_make_no_difference():
    """The picture is of the recording, not of how it came."""
    one = tone(1_000, 1.0)

    np.testing.assert_allclose(seen(one), seen(tone(1_000, 1.0, channels=2), length=777))


def test_a_long_recording_has_wider_columns_not_more(monkeypatch):
    """Energy is kept where neighbours become one."""
    monkeypatch.setattr(spectrogram, "COLUMNS", 16)
    short, long = seen(tone(1_000, 0.5)), seen(tone(1_000, 20.0))

    assert 16 <= len(long) <= 32
    assert long.mean() == pytest.approx(short.mean(), rel=0.01)  # the phase of each frame differs


@pytest.mark.parametrize("count", [1, 100, 1_023, 1_024, 1_025])
def test_less_than_a_frame_is_a_column(count):
    """The shortest recording has a picture."""
    assert seen(np.ones((count, 2))).shape == (1, BANDS)


def test_the_picture_is_a_png(tmp_path):
    """Of silence too, at its place only when it can be written."""
    pytest.importorskip("matplotlib", reason="needs: pip install 'mn-dataset[plots]'")
    power = seen(np.zeros((RATE, 1)))
    facts = {"duration_s": 1.0, "sampling_rate": RATE}

    draw(tmp_path / "a.tmp", power, power, meant_for=tmp_path / "a.png", **facts)

    assert (tmp_path / "a.tmp").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(OutputError, match=r"a\.png: cannot be written"):
        draw(tmp_path / "no" / "a", power, power, meant_for=tmp_path / "a.png", **facts)
