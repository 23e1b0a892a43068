"""Draw spectrograms of recordings of any length, and small ones of a run's files.

A recording, before and after it was denoised, becomes a picture with axes by matplotlib. A file of
a run becomes a PNG by the standard library alone, whose frequency axis is that of mel: linear below
700 Hz, logarithmic above (O'Shaughnessy, "Speech communication", 1987).
"""

from __future__ import annotations

import importlib
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.io import read_any
from mn_dataset.audio.spectrogram import Power, decibels, draw, frame_power
from mn_dataset.errors import MissingExtra

Levels = NDArray[np.uint8]
Palette = NDArray[np.uint8]
"""Colours, shape (levels, 3): red, green, blue."""
Floats = NDArray[np.float64]

WIDTH, HEIGHT = 480, 144
"""Of a file's picture, in pixels."""
FLOOR_DB = -80.0
"""The darkest level of a file's picture; the brightest is 0 dBFS, a sine at full scale."""
TICKS_HZ = (200, 500, 1000, 2000, 5000, 10_000, 20_000)
"""Frequencies that the page names beside it."""
COLUMNS = 1000
"""The fewest columns of a long recording's picture; it has fewer than twice as many."""
BANDS = 512
"""Bands of a long recording's picture."""

_SHADES = 41  # 2 dB each: an eye sees no more, and a file of half the size holds them
_WINDOW = 2048
_WINDOW_S = 0.046
_FRAMES_AT_ONCE = 64
# Nine points of matplotlib's "magma" (van der Walt and Smith, CC0), evenly spaced.
_MAGMA = np.array(
    [
        (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122),
        (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
    ]
)  # fmt: skip
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _INDEXED = 8, 3

_FAINTEST_TOP_DB = -60.0  # of a recording: silence is black, not the loudest of nothing


def picture(path: Path) -> bytes:
    """Return the spectrogram of a mono file as PNG.

    Raises:
        AudioError: if the file is missing or damaged.
    """
    samples, sampling_rate = read_any(path)
    # As many frames as columns: the time axis of every picture of a mixture is the same.
    starts = np.linspace(0, max(0, len(samples) - 1), WIDTH).astype(np.intp) - _WINDOW // 2
    power = frame_power(samples.mean(axis=1), starts=starts.tolist(), taper=_taper(_WINDOW))
    return png(shades(_mel_bands(power, sampling_rate=sampling_rate)), palette())


def position(frequency_hz: float, *, sampling_rate: float) -> float:
    """Return how high a frequency is in a picture, from 0 (0 Hz) to 1 (half the rate).

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


def shades(power: Power) -> Levels:
    """Return the colours' numbers of mean powers: 80 dB below full scale is the darkest.

    Args:
        power: Shape (columns, bands), the lowest band first; a sine at full scale has about 1.

    Returns:
        Shape (bands, columns), the highest band first, as ``png`` takes them.
    """
    level_db = 10 * np.log10(np.maximum(power, 1e-30))
    numbers = np.rint((level_db / -FLOOR_DB + 1) * (_SHADES - 1))
    levels: Levels = np.clip(numbers, 0, _SHADES - 1).astype(np.uint8).T[::-1]
    return levels


def png(levels: Levels, colours: Palette) -> bytes:
    r"""Return an indexed-colour PNG (W3C PNG specification, colour type 3).

    Args:
        levels: Numbers of colours, shape (rows, columns), the upper row first.
        colours: At most 256 colours.

    >>> png(np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    rows, columns = levels.shape
    header = struct.pack(">IIBBBBB", columns, rows, _EIGHT_BITS, _INDEXED, 0, 0, 0)
    # Each row begins with its filter: none, which is best for indexed colours.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), levels], axis=1)
    return (
        _PNG_SIGNATURE
        + _png_chunk(b"IHDR", header)
        + _png_chunk(b"PLTE", colours.astype(np.uint8).tobytes())
        + _png_chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
        + _png_chunk(b"IEND", b"")
    )


class Spectrogram:
    """Columns of mean power that grow wider as a recording grows longer.

    Frames of about 46 ms overlap by half and are averaged over channels. When there are twice
    ``COLUMNS`` columns, neighbours become one.

    >>> spectrogram = Spectrogram(44_100)
    >>> spectrogram.add(np.zeros((44_100, 2)))
    >>> spectrogram.power().shape
    (42, 512)
    """

    def __init__(self, sampling_rate: int) -> None:
        self._window = max(2 * BANDS, 2 ** round(np.log2(_WINDOW_S * sampling_rate)))
        self._rest = np.zeros(0)
        self._frames_per_column = 1
        self._columns: list[Power] = []
        self._sum = np.zeros(BANDS)
        self._summed = 0

    def add(self, samples: Floats) -> None:
        """Take the next samples (time, channels), full scale 1, into account."""
        hop = self._window // 2
        signal = np.concatenate([self._rest.reshape(-1, samples.shape[1]), samples])
        count = max(0, (len(signal) - self._window) // hop + 1)
        for first in range(0, count, _FRAMES_AT_ONCE):
            last = min(count, first + _FRAMES_AT_ONCE)
            self._add_frames(signal[first * hop : (last - 1) * hop + self._window])
        self._rest = signal[count * hop :]

    def power(self) -> Power:
        """Return the columns so far, shape (columns, BANDS); less than a frame is a column."""
        columns = list(self._columns)
        if self._summed:
            columns.append(self._sum / self._summed)
        if not columns:
            end = np.zeros((self._window, self._rest.shape[-1] if self._rest.ndim == 2 else 1))
            end[: len(self._rest)] = self._rest.reshape(-1, end.shape[1])
            columns = list(self._frame_bands(end))
        return np.stack(columns)

    def _add_frames(self, samples: Floats) -> None:
        for frame in self._frame_bands(samples):
            self._sum = self._sum + frame
            self._summed += 1
            if self._summed == self._frames_per_column:
                self._columns.append(self._sum / self._summed)
                self._sum, self._summed = np.zeros(BANDS), 0
                self._widen()

    def _frame_bands(self, samples: Floats) -> Power:
        """Return the mean power of frames by band, shape (frames, BANDS)."""
        starts = range(0, len(samples) - self._window + 1, self._window // 2)
        power = frame_power(samples.T, starts=starts, taper=_taper(self._window)).mean(axis=0)
        bands: Power = power[:, 1:].reshape(len(power), BANDS, -1).mean(axis=-1)
        return bands

    def _widen(self) -> None:
        if len(self._columns) < 2 * COLUMNS:
            return
        pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
        self._columns = [(first + second) / 2 for first, second in pairs]
        self._frames_per_column *= 2


def check_plots() -> None:
    """Refuse to go on where matplotlib is missing.

    Raises:
        MissingExtra: with the command that installs it.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise MissingExtra("matplotlib", extra="plots") from error


def draw_before_and_after(
    path: Path, before: Power, after: Power, *, duration_s: float, sampling_rate: int
) -> None:
    """Write two spectrograms over one time axis, in one scale of decibels, as PNG.

    Args:
        path: The file.
        before: Of the recording, shape (columns, bands).
        after: Of the estimate, the same.
        duration_s: What the columns span.
        sampling_rate: The bands span half of it, in Hz.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(12, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    levels_db = [decibels(power.T) for power in (before, after)]
    top_db = max(_FAINTEST_TOP_DB, *(float(level_db.max()) for level_db in levels_db))
    panels = figure.subplots(2, sharex=True, sharey=True)
    for axes, level_db, title in zip(panels, levels_db, ("before", "after"), strict=True):
        image = draw(
            axes, level_db, top_db=top_db, duration_s=duration_s, sampling_rate=sampling_rate
        )
        axes.set(title=title, ylabel="frequency in kHz")
    panels[-1].set_xlabel("time in s")
    figure.colorbar(image, ax=panels, label="power in dB re a sine at full scale")
    figure.savefig(path, format="png")


def _taper(window: int) -> Floats:
    """Return a Hann window under which a sine at full scale has a power of one."""
    taper: Floats = np.hanning(window)
    taper *= 2 / taper.sum()
    return taper


def _mel_bands(power: Power, *, sampling_rate: int) -> Power:
    """Return the mean power of each band, shape (columns, HEIGHT); a narrow one is interpolated."""
    bins = power.shape[1]
    nyquist_hz = sampling_rate / 2
    edges_hz = 700.0 * (10 ** (np.linspace(0, _mel(nyquist_hz), HEIGHT + 1) / 2595.0) - 1.0)
    edges = edges_hz / nyquist_hz * (bins - 1)
    total = np.concatenate([np.zeros((len(power), 1)), np.cumsum(power, axis=1)], axis=1)
    borders = np.arange(bins + 1) - 0.5
    sums = np.stack([np.interp(edges, borders, row) for row in total])
    return np.asarray(np.diff(sums, axis=1) / np.diff(edges))


def _mel(frequency_hz: float | Floats) -> Floats:
    return np.asarray(2595.0 * np.log10(1.0 + np.asarray(frequency_hz) / 700.0))


def _png_chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
