"""Pictures have bounded size, and show what was there, when, and at which pitch."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.signal import spectrogram
from benchmarks.signal.spectrogram import (
    BANDS,
    HEIGHT,
    WIDTH,
    Spectrogram,
    draw_before_and_after,
    palette,
    picture,
    png,
    position,
)
from mn_dataset.audio.io import write_flac

RATE = 44_100


def shades(content: bytes) -> np.ndarray:
    """Read an indexed PNG as a decoder does: chunk by chunk, sums checked; the lowest row first."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    at, found = 8, {}
    while at < len(content):
        (size,) = struct.unpack(">I", content[at : at + 4])
        kind, body = content[at + 4 : at + 8], content[at + 8 : at + 8 + size]
        assert struct.unpack(">I", content[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            kind + body
        )
        found[kind] = body
        at += 12 + size
    columns, rows = struct.unpack(">II", found[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(found[b"IDAT"]), np.uint8).reshape(rows, columns + 1)
    assert not lines[:, 0].any()
    return lines[::-1, 1:]


def drawn(folder: Path, samples: np.ndarray) -> np.ndarray:
    path = folder / "sound.flac"
    write_flac(path, np.rint(32767 * samples).astype(np.int16), sampling_rate=RATE)
    return shades(picture(path))


def tone(frequency_hz: float, *, seconds: float = 2.0, level_db: float = 0.0) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE)) / RATE
    return 10 ** (level_db / 20) * np.sin(2 * np.pi * frequency_hz * time_s)


def test_a_png_holds_its_levels_and_colours() -> None:
    """What was given is what a decoder reads."""
    levels = np.arange(6, dtype=np.uint8).reshape(2, 3)

    np.testing.assert_array_equal(shades(png(levels, palette()))[::-1], levels)


@pytest.mark.parametrize("frequency_hz", [100, 440, 1000, 5000, 15_000])
def test_a_tone_stands_where_the_axis_says(tmp_path: Path, frequency_hz: float) -> None:
    """Its brightest row is that of its frequency, in every picture."""
    image = drawn(tmp_path, tone(frequency_hz))

    assert image.shape == (HEIGHT, WIDTH)
    row = np.median(image.argmax(axis=0)[20:-20])
    # A window of 2048 samples spreads a low tone over some rows of 8 Hz.
    assert row == pytest.approx(HEIGHT * position(frequency_hz, sampling_rate=RATE), abs=2.5)


def test_colours_are_decibels_below_full_scale(tmp_path: Path) -> None:
    """20 dB less are 10 shades of 2 dB less; 80 dB less is black, as silence is."""
    loud, soft = (drawn(tmp_path, tone(300, level_db=level))[:, 240] for level in (0.0, -20.0))

    assert int(loud.max()) - int(soft.max()) == 10
    assert loud.max() >= len(palette()) - 4  # a tone spreads over bands of 8 Hz
    assert not drawn(tmp_path, 0 * tone(300)).any()
    assert tuple(palette()[0]) == (0, 0, 4)


def test_time_is_where_it_is(tmp_path: Path) -> None:
    """What begins in the middle is seen from the middle."""
    samples = tone(1000)
    samples[: len(samples) // 2] = 0

    image = drawn(tmp_path, samples)

    first = int(np.flatnonzero(image.max(axis=0) > 30)[0])
    assert first == pytest.approx(WIDTH / 2, abs=6)  # half a window is 5.6 columns


def test_a_picture_is_small(tmp_path: Path) -> None:
    """Noise, which packs worst, takes less than 60 kB."""
    noise = np.random.default_rng(0).normal(size=2 * RATE) * 0.1

    drawn(tmp_path, noise)

    assert len(picture(tmp_path / "sound.flac")) < 60_000


def streamed(samples: np.ndarray, *, length: int = 5_000) -> np.ndarray:
    """Return the power of a recording (time, channels) that comes in blocks."""
    power = Spectrogram(RATE)
    for first in range(0, len(samples), length):
        power.add(samples[first : first + length])
    return power.power()


def stereo(samples: np.ndarray) -> np.ndarray:
    return np.repeat(samples[:, None], 2, axis=1)


def test_a_tone_of_a_recording_stands_in_its_band_at_its_time() -> None:
    """First a low one, then a high one."""
    power = streamed(np.concatenate([tone(1_000), tone(6_000)])[:, None])

    # A band is two bins wide, and the first begins at the second bin.
    loudest = (power.argmax(axis=1) + 0.75) * (RATE / 2) / BANDS
    half = len(power) // 2
    np.testing.assert_allclose(loudest[: half - 2], 1_000, atol=RATE / 2 / BANDS)
    np.testing.assert_allclose(loudest[half + 2 :], 6_000, atol=RATE / 2 / BANDS)


def test_a_sine_at_full_scale_is_about_0_db() -> None:
    """Whatever the rate, which sets the window; a band is the mean of the bins of a tone's peak."""
    loudest = 10 * np.log10(streamed(tone(10_000)[:, None]).max(axis=1))

    assert np.abs(loudest[5:-5]).max() < 4.0


def test_blocks_and_equal_channels_make_no_difference() -> None:
    """The picture is of the recording, not of how it came."""
    samples = tone(1_000, seconds=1.0)

    np.testing.assert_allclose(
        streamed(samples[:, None]), streamed(stereo(samples), length=777), atol=1e-12
    )


def test_a_long_recording_has_wider_columns_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Energy is kept where neighbours become one."""
    monkeypatch.setattr(spectrogram, "COLUMNS", 16)
    short, long = (streamed(tone(1_000, seconds=seconds)[:, None]) for seconds in (0.5, 20.0))

    assert 16 <= len(long) <= 32
    assert long.mean() == pytest.approx(short.mean(), rel=0.01)  # the phase of each frame differs


@pytest.mark.parametrize("count", [1, 100, 2_047, 2_048, 2_049])
def test_less_than_a_frame_is_a_column(count: int) -> None:
    """The shortest recording has a picture."""
    assert streamed(np.ones((count, 2))).shape == (1, BANDS)


def test_before_and_after_are_drawn_as_a_png(tmp_path: Path) -> None:
    """Of silence too."""
    pytest.importorskip("matplotlib", reason="needs: pip install 'mn-dataset[plots]'")
    silence, sound = streamed(np.zeros((RATE, 1))), streamed(tone(1_000, seconds=1.0)[:, None])

    for name, before in (("silence", silence), ("sound", sound)):
        path = tmp_path / name
        draw_before_and_after(path, before, silence, duration_s=1.0, sampling_rate=RATE)

        assert path.read_bytes().startswith(b"\x89PNG")
