"""See a recording of any length as a picture of bounded size, while it passes by.

Draw before and after; the one room of benchmarks that knows matplotlib.
"""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from benchmarks.denoise.place import written
from mn_dataset.errors import MissingExtra

Power = NDArray[np.float64]
"""Mean power, shape (columns, bands); full scale is 1."""

COLUMNS = 1000
"""The fewest columns of a long recording's picture; it has fewer than twice as many."""
BANDS = 512

_WINDOW_S = 0.046
_FRAMES_AT_ONCE = 64


class Spectrogram:
    """Columns of mean power that grow wider as the recording grows longer.

    Frames of about 46 ms overlap by half and are averaged over channels. When there are twice
    ``COLUMNS`` columns, neighbours become one.

    >>> picture = Spectrogram(44_100)
    >>> picture.add(np.zeros((44_100, 2)))
    >>> picture.power().shape
    (42, 512)
    """

    def __init__(self, sampling_rate: int) -> None:
        self._window = max(2 * BANDS, 2 ** round(np.log2(_WINDOW_S * sampling_rate)))
        # Scaled such that a sine at full scale has a power of about one.
        self._taper = np.hanning(self._window) * 4 / self._window
        self._rest = np.zeros(0)
        self._frames_per_column = 1
        self._columns: list[Power] = []
        self._open = np.zeros(BANDS)
        self._in_open = 0

    def add(self, samples: NDArray[np.float64]) -> None:
        """Look at the next samples (time, channels), full scale 1."""
        hop = self._window // 2
        held = np.concatenate([self._rest.reshape(-1, samples.shape[1]), samples])
        count = max(0, (len(held) - self._window) // hop + 1)
        for first in range(0, count, _FRAMES_AT_ONCE):
            last = min(count, first + _FRAMES_AT_ONCE)
            self._look(held[first * hop : (last - 1) * hop + self._window])
        self._rest = held[count * hop :]

    def power(self) -> Power:
        """Return the columns so far; what does not fill a frame is one frame more."""
        columns = list(self._columns)
        if self._in_open:
            columns.append(self._open / self._in_open)
        if not columns:
            end = np.zeros((self._window, self._rest.shape[-1] if self._rest.ndim == 2 else 1))
            end[: len(self._rest)] = self._rest.reshape(-1, end.shape[1])
            columns = list(self._bands(end))
        return np.stack(columns)

    def _look(self, samples: NDArray[np.float64]) -> None:
        for frame in self._bands(samples):
            self._open = self._open + frame
            self._in_open += 1
            if self._in_open == self._frames_per_column:
                self._columns.append(self._open / self._in_open)
                self._open, self._in_open = np.zeros(BANDS), 0
                self._widen()

    def _bands(self, samples: NDArray[np.float64]) -> Power:
        """Return the mean power of frames by band, shape (frames, bands)."""
        frames = sliding_window_view(samples.T, self._window, axis=-1)[:, :: self._window // 2]
        power = np.square(np.abs(scipy.fft.rfft(frames * self._taper))).mean(axis=0)
        bands: Power = power[:, 1:].reshape(len(power), BANDS, -1).mean(axis=-1)
        return bands

    def _widen(self) -> None:
        if len(self._columns) < 2 * COLUMNS:
            return
        pairs = zip(self._columns[::2], self._columns[1::2], strict=True)
        self._columns = [(first + second) / 2 for first, second in pairs]
        self._frames_per_column *= 2


_RANGE_DB = 90.0
_FAINTEST_DB = -60.0  # of the loudest colour
_FLOOR = 1e-12


def check_plots() -> None:
    """Say so if pictures cannot be drawn here.

    Raises:
        MissingExtra: with the command that installs what is missing.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise MissingExtra("matplotlib", extra="plots") from error


def draw(
    path: Path,
    before: Power,
    after: Power,
    *,
    duration_s: float,
    sampling_rate: int,
    meant_for: Path,
) -> None:
    """Write two spectrograms over one time axis, in one scale of decibels, as PNG.

    Args:
        path: Where it is written for now.
        before: Of the recording, shape (columns, bands).
        after: Of the estimate, the same.
        duration_s: What the columns span.
        sampling_rate: The bands span half of it, in Hz.
        meant_for: What a person knows the file as.

    Raises:
        OutputError: if it cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(12, 8), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    levels = [10 * np.log10(np.maximum(power.T, _FLOOR)) for power in (before, after)]
    # Silence is black, not the loudest of nothing.
    top = max(_FAINTEST_DB, *(float(level.max()) for level in levels))
    rows = figure.subplots(2, sharex=True, sharey=True)
    for axes, level, title in zip(rows, levels, ("before", "after"), strict=True):
        image = axes.imshow(
            level,
            origin="lower",
            aspect="auto",
            cmap="magma",
            vmin=top - _RANGE_DB,
            vmax=top,
            extent=(0, duration_s, 0, sampling_rate / 2000),
        )
        axes.set(title=title, ylabel="frequency in kHz")
    rows[-1].set_xlabel("time in s")
    figure.colorbar(image, ax=rows, label="power in dB re a sine at full scale")
    with written(meant_for):
        figure.savefig(path, format="png")
