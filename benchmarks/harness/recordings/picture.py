"""Draw before and after; the one room of benchmarks that knows matplotlib."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np

from benchmarks.harness.recordings.place import written
from benchmarks.harness.recordings.spectrogram import Power
from mn_dataset.errors import MissingExtra

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
