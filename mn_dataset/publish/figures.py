"""Draw what a card shows: the distribution of mixtures, and spectrograms of a few.

Choose what a card shows and have it drawn: the distribution, and three mixtures.
"""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import ShortTimeFFT
from scipy.signal.windows import hann

from mn_dataset.audio import encode
from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import FULL_SCALE
from mn_dataset.errors import MissingExtra, OutputError
from mn_dataset.publish.encoded import cells
from mn_dataset.publish.selection import Content, Row
from mn_dataset.publish.statistics import level_names
from mn_dataset.records import MUSIC_CATEGORIES

PLACE = "assets"
SHOWN = 3


@dataclass(frozen=True)
class Pictures:
    """The pictures of a card.

    Attributes:
        distribution: Path relative to the publication.
        spectrograms: Paths by title; none where no audio is published.
    """

    distribution: str
    spectrograms: dict[str, str]


def check() -> None:
    """Say so if pictures cannot be drawn here.

    Raises:
        MissingExtra: with the command that installs what is missing.
    """
    check_plots()


def draw(out: Path, content: Content) -> Pictures:
    """Draw the pictures of a publication.

    Args:
        out: The publication.
        content: What it is made of.

    Raises:
        DatasetError: if audio is missing.
        OutputError: if a picture cannot be written.
    """
    distribution = f"{PLACE}/distribution.png"
    draw_distribution(out / distribution, content.heard or content.rows)
    spectrograms = {}
    for number, row in enumerate(examples(content.heard), start=1):
        path = f"{PLACE}/spectrogram-{number}.png"
        title = _title(row)
        parts = _parts(content, row)
        draw_spectrograms(out / path, parts, title=title, sampling_rate=row["sampling_rate"])
        spectrograms[title] = path
    return Pictures(distribution, spectrograms)


def examples(rows: Sequence[Row]) -> list[Row]:
    """Return rows that differ in music category and noise class, the noisiest of each."""
    ordered = sorted(rows, key=lambda row: (row["snr_db"], row["id"]))
    chosen: list[Row] = []
    for key in ("noise_class", "music_category", "id"):
        for row in ordered:
            taken = [
                one for one in chosen if row["id"] == one["id"] or row.get(key) == one.get(key)
            ]
            alike = any(row.get("music_category") == one.get("music_category") for one in chosen)
            if len(chosen) < SHOWN and not taken and not (alike and key == "noise_class"):
                chosen.append(row)
    return chosen


def _parts(content: Content, row: Row) -> dict[str, Pcm]:
    parts = {}
    for column in content.audio:
        found = cells(content.folder, row, column, audio_format="wav")
        for number, cell in enumerate(found):
            name = column if isinstance(row[column], str) else f"{column} {number}"
            parts[name] = encode.decode(cell.content)[0]
    return parts


def _title(row: Row) -> str:
    what = " in ".join(
        str(row[name]).replace("_", " ")
        for name in ("music_category", "noise_class")
        if row.get(name)
    )
    return f"{row['id']}: {what} noise at {row['snr_db']:g} dB"


_WINDOW = 2048
_COLUMNS = 300  # of a spectrogram: as many as it has pixels to show them
_RANGE_DB = 90.0
_FLOOR = 1e-12


def check_plots() -> None:
    """Say so if pictures cannot be drawn here.

    Raises:
        MissingExtra: with the command that installs what is missing.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise MissingExtra("matplotlib", extra="publish") from error


def draw_distribution(path: Path, rows: Sequence[Row]) -> None:
    """Write bars of mixtures per music category, stacked by SNR, as PNG.

    Raises:
        OutputError: if it cannot be written.
    """
    levels = level_names(rows)
    count = Counter((row.get("music_category") or "", levels[row["id"]]) for row in rows)
    names = [name for name in (*MUSIC_CATEGORIES, "") if any(key[0] == name for key in count)]
    order = list(dict.fromkeys(levels.values()))
    figure = _figure(9.0, 3.6)
    axes = figure.subplots()
    below = np.zeros(len(names))
    for number, level in enumerate(order):
        heights = np.array([count[name, level] for name in names], dtype=float)
        shade = 0.85 - 0.7 * number / max(1, len(order) - 1)
        axes.bar(
            [name or "none" for name in names], heights, bottom=below,
            label=f"{level} dB", color=(shade, shade, 0.6 + 0.3 * shade),
        )  # fmt: skip
        below += heights
    axes.set(ylabel="mixtures", title="Mixtures per music category and SNR")
    axes.tick_params(axis="x", rotation=30)
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1.0))
    figure.subplots_adjust(left=0.07, right=0.88, bottom=0.28, top=0.9)
    _save(figure, path)


def draw_spectrograms(path: Path, parts: dict[str, Pcm], *, title: str, sampling_rate: int) -> None:
    """Write the spectrograms of a mixture's parts side by side, in one scale, as PNG.

    Args:
        path: The picture.
        parts: Samples (time,) by name.
        title: What it shows.
        sampling_rate: In Hz.

    Raises:
        OutputError: if it cannot be written.
    """
    figure = _figure(9.0, 2.8)
    levels = {name: _levels_db(samples, sampling_rate) for name, samples in parts.items()}
    top = max(float(level.max()) for level in levels.values())
    rows = np.atleast_1d(figure.subplots(1, len(parts), sharey=True))
    for axes, (name, level) in zip(rows, levels.items(), strict=True):
        axes.imshow(
            level,
            origin="lower",
            aspect="auto",
            cmap="magma",
            interpolation="nearest",
            vmin=top - _RANGE_DB,
            vmax=top,
            extent=(0, len(parts[name]) / sampling_rate, 0, sampling_rate / 2000),
        )
        axes.set(title=name, xlabel="time in s")
    rows[0].set_ylabel("frequency in kHz")
    figure.suptitle(title, fontsize="medium")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.18, top=0.82, wspace=0.08)
    _save(figure, path)


def _levels_db(samples: Pcm, sampling_rate: int) -> NDArray[np.float64]:
    """Return levels in dB, shape (bands, columns), at most as many columns as are seen."""
    padded = np.pad(samples, (0, max(0, _WINDOW - len(samples)))) / FULL_SCALE
    hop = max(_WINDOW // 4, len(padded) // _COLUMNS)
    transform = ShortTimeFFT(hann(_WINDOW, sym=False), hop, fs=sampling_rate)
    power = transform.spectrogram(padded) / _WINDOW**2
    banded = power[: 4 * (len(power) // 4)].reshape(-1, 4, power.shape[1]).mean(axis=1)
    level: NDArray[np.float64] = 10 * np.log10(np.maximum(banded, _FLOOR))
    return level


def _figure(width: float, height: float) -> Any:
    check_plots()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Any, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="png", metadata={"Software": None})
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror}); free or choose another place"
        ) from error
