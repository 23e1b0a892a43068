"""Draw what a file sounds like: one scale of decibels, colour and frequency for every picture.

Write small PNG pictures of levels with the standard library alone.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mn_dataset.audio.io import read_any

Levels = NDArray[np.uint8]
Palette = NDArray[np.uint8]
"""Colours, shape (levels, 3): red, green, blue."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _INDEXED = 8, 3


def png(levels: Levels, palette: Palette) -> bytes:
    r"""Return an indexed-colour PNG (W3C PNG specification, colour type 3).

    Args:
        levels: Places in the palette, shape (rows, columns), the upper row first.
        palette: At most 256 colours.

    >>> png(np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    rows, columns = levels.shape
    header = struct.pack(">IIBBBBB", columns, rows, _EIGHT_BITS, _INDEXED, 0, 0, 0)
    # Each row begins with its filter: none, which is best for indexed colours.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), levels], axis=1)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette.astype(np.uint8).tobytes())
        + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


WIDTH, HEIGHT = 480, 144
"""Of a picture, in pixels."""
FLOOR_DB = -80.0
"""The darkest level; the brightest is 0 dBFS, a sine at full scale."""
TICKS_HZ = (200, 500, 1000, 2000, 5000, 10_000, 20_000)
"""Frequencies that the page names."""

_SHADES = 41  # 2 dB each: an eye sees no more, and a file of half the size holds them
_WINDOW = 2048
_FRAMES_AT_ONCE = 256
# Nine points of matplotlib's "magma" (van der Walt and Smith, CC0), evenly spaced.
_MAGMA = np.array(
    [
        (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122),
        (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
    ]
)  # fmt: skip

Floats = NDArray[np.float64]


def picture(path: Path) -> bytes:
    """Return the spectrogram of a mono file as PNG.

    Raises:
        AudioError: if the file is missing or damaged.
    """
    samples, sampling_rate = read_any(path)
    power = _power(samples.mean(axis=1))
    return png(_levels(_bands(power, sampling_rate=sampling_rate)), palette())


def position(frequency_hz: float, *, sampling_rate: float) -> float:
    """Return how high a frequency stands in a picture, from 0 (0 Hz) to 1 (half the rate).

    The axis is that of mel: linear below 700 Hz, logarithmic above (O'Shaughnessy 1987).

    >>> position(22_050, sampling_rate=44_100)
    1.0
    """
    return float(_mel(frequency_hz) / _mel(sampling_rate / 2))


def palette() -> Palette:
    """Return the colours, the darkest first, shape (41, 3)."""
    at = np.linspace(0, len(_MAGMA) - 1, _SHADES)
    columns = [np.interp(at, np.arange(len(_MAGMA)), channel) for channel in _MAGMA.T]
    colours: Palette = np.rint(np.stack(columns, axis=1)).astype(np.uint8)
    return colours


def _mel(frequency_hz: float | Floats) -> Floats:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(frequency_hz) / 700.0))


def _power(samples: Floats) -> Floats:
    """Return power by column and bin, shape (columns, bins); a sine at full scale is 1."""
    taper = np.hanning(_WINDOW)
    taper *= 2 / taper.sum()
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW))
    frames = sliding_window_view(padded, _WINDOW)
    # As many as there are columns: the time axis of every picture of a mixture is the same.
    starts = np.linspace(0, max(0, len(samples) - 1), WIDTH).astype(np.intp)
    pieces = np.split(starts, range(_FRAMES_AT_ONCE, WIDTH, _FRAMES_AT_ONCE))
    return np.concatenate(
        [np.square(np.abs(scipy.fft.rfft(frames[piece] * taper))) for piece in pieces]
    )


def _bands(power: Floats, *, sampling_rate: int) -> Floats:
    """Return the mean power of each band, shape (columns, HEIGHT); a narrow one is interpolated."""
    bins = power.shape[1]
    nyquist_hz = sampling_rate / 2
    edges_hz = 700.0 * (10 ** (np.linspace(0, _mel(nyquist_hz), HEIGHT + 1) / 2595.0) - 1.0)
    edges = edges_hz / nyquist_hz * (bins - 1)
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    places = np.arange(bins + 1) - 0.5
    sums = np.stack([np.interp(edges, places, row) for row in total])
    return np.asarray(np.diff(sums, axis=1) / np.diff(edges))


def _levels(bands: Floats) -> Levels:
    """Return shades, shape (HEIGHT, columns), low frequencies below."""
    decibels = 10 * np.log10(np.maximum(bands, 1e-30))
    shades = np.rint((decibels / -FLOOR_DB + 1) * (_SHADES - 1))
    levels: Levels = np.clip(shades, 0, _SHADES - 1).astype(np.uint8).T[::-1]
    return levels
