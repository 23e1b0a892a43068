from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.report.spectrogram import HEIGHT, WIDTH, palette, picture, png, position
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


def tone(frequency_hz: float, *, level_db: float = 0.0) -> np.ndarray:
    time_s = np.arange(2 * RATE) / RATE
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
