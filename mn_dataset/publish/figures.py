"""Draw the pictures of a card: the distribution of mixtures, and spectrograms of a few."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal.windows import hann

from mn_dataset.audio import codec, spectrogram
from mn_dataset.audio.io import Pcm
from mn_dataset.audio.level import FULL_SCALE
from mn_dataset.errors import MissingExtra
from mn_dataset.files.atomic import replacement
from mn_dataset.publish import statistics
from mn_dataset.publish.encoded import Encoder
from mn_dataset.publish.selection import Row, Selection
from mn_dataset.records import SPLITS
from mn_dataset.tasks.facets import Facet, named, numeric
from mn_dataset.tasks.spec import TaskSpec

ASSETS = "assets"
EXAMPLES = 3

_WINDOW = 2048
_COLUMNS = 300  # of a spectrogram: as many as it has pixels to show them
_BINS_PER_BAND = 4
_SPLIT = Facet("split", "split", "splits", SPLITS)


@dataclass(frozen=True)
class Pictures:
    """The pictures of a card.

    Attributes:
        distribution: Path relative to the publication.
        title: Of that picture.
        spectrograms: Paths by title; none where no audio is published.
    """

    distribution: str
    title: str
    spectrograms: dict[str, str]


def require_matplotlib() -> None:
    """Say so if pictures cannot be drawn here.

    Raises:
        MissingExtra: with the command that installs what is missing.
    """
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise MissingExtra("matplotlib", extra="publish") from error


def draw(out: Path, selection: Selection) -> Pictures:
    """Draw the pictures of a publication.

    Args:
        out: The publication.
        selection: What it is made of.

    Raises:
        DatasetError: if audio is missing.
        OutputError: if a picture cannot be written.
    """
    distribution = f"{ASSETS}/distribution.png"
    task = selection.task
    title = draw_distribution(out / distribution, selection.shown, task)
    spectrograms = {}
    for number, row in enumerate(examples(selection.with_audio, task), start=1):
        path = f"{ASSETS}/spectrogram-{number}.png"
        caption = _caption(row, task)
        signals = _signals(selection, row)
        draw_spectrograms(out / path, signals, title=caption, sampling_rate=row["sampling_rate"])
        spectrograms[caption] = path
    return Pictures(distribution, title, spectrograms)


def examples(rows: Sequence[Row], task: TaskSpec) -> list[Row]:
    """Return rows that differ in every class of the task, those of the lowest ratio first.

    Where there are too few of them, the others may be alike in more and more facets.
    """
    ratio = numeric(task.facets)
    ordered = sorted(rows, key=lambda row: (row[ratio.column] if ratio else 0.0, row["id"]))
    columns = [facet.column for facet in task.facets if not facet.numeric]
    shown: list[Row] = []
    for first in range(len(columns) + 1):
        for row in ordered:
            is_alike = any(
                row.get(column) == other.get(column)
                for other in shown
                for column in ("id", *columns[first:])
            )
            if len(shown) < EXAMPLES and not is_alike:
                shown.append(row)
    return shown


def draw_distribution(path: Path, rows: Sequence[Row], task: TaskSpec) -> str:
    """Write bars of mixtures per class, stacked by ratio, as PNG; return the picture's title.

    Raises:
        OutputError: if it cannot be written.
    """
    side = next(iter(named(task.facets)), _SPLIT)
    ratio = numeric(task.facets)
    classes = statistics.names(rows, side)
    levels = statistics.names(rows, ratio) if ratio else dict.fromkeys(classes, "")
    count = Counter((classes[row["id"]], levels[row["id"]]) for row in rows)
    names, order = list(dict.fromkeys(classes.values())), list(dict.fromkeys(levels.values()))
    figure = _figure(9.0, 3.6)
    axes = figure.subplots()
    below = np.zeros(len(names))
    for number, level in enumerate(order):
        heights = np.array([count[name, level] for name in names], dtype=float)
        shade = 0.85 - 0.7 * number / max(1, len(order) - 1)
        axes.bar(
            names, heights, bottom=below,
            label=f"{level} dB", color=(shade, shade, 0.6 + 0.3 * shade),
        )  # fmt: skip
        below += heights
    title = f"Mixtures per {side.title}" + (f" and {ratio.title}" if ratio else "")
    axes.set(ylabel="mixtures", title=title)
    axes.tick_params(axis="x", rotation=30)
    if ratio:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.01, 1.0))
    figure.subplots_adjust(left=0.07, right=0.88, bottom=0.28, top=0.9)
    _save(figure, path)
    return title


def draw_spectrograms(
    path: Path, signals: Mapping[str, Pcm], *, title: str, sampling_rate: int
) -> None:
    """Write the spectrograms of a mixture's signals side by side, in one scale, as PNG.

    Args:
        path: The picture.
        signals: Samples (time,) by name.
        title: What it shows.
        sampling_rate: In Hz.

    Raises:
        OutputError: if it cannot be written.
    """
    figure = _figure(9.0, 2.8)
    levels_db = {name: _levels_db(samples) for name, samples in signals.items()}
    top_db = max(float(levels.max()) for levels in levels_db.values())
    panels = np.atleast_1d(figure.subplots(1, len(signals), sharey=True))
    for axes, (name, levels) in zip(panels, levels_db.items(), strict=True):
        spectrogram.draw(
            axes,
            levels,
            top_db=top_db,
            duration_s=len(signals[name]) / sampling_rate,
            sampling_rate=sampling_rate,
        )
        axes.set(title=name, xlabel="time in s")
    panels[0].set_ylabel("frequency in kHz")
    figure.suptitle(title, fontsize="medium")
    figure.subplots_adjust(left=0.07, right=0.98, bottom=0.18, top=0.82, wspace=0.08)
    _save(figure, path)


def _signals(selection: Selection, row: Row) -> dict[str, Pcm]:
    """Return what is published of a mixture as samples (time,), by name."""
    encoder = Encoder(selection.folder, selection.audio, "wav")
    signals = {}
    for column in selection.audio:
        for number, file in enumerate(encoder.files(row, column)):
            name = column if isinstance(row[column], str) else f"{column} {number}"
            signals[name] = codec.decode(file.content)[0]
    return signals


def _caption(row: Row, task: TaskSpec) -> str:
    """Return what a mixture is, in the task's own words if it has any."""
    words = {
        name: cell.replace("_", " ") if isinstance(cell, str) else cell
        for name, cell in row.items()
    }
    if task.card_text:
        return f"{row['id']}: {task.card_text.example.format_map(words)}"
    labels = [str(words[facet.column]) for facet in named(task.facets)]
    ratio = numeric(task.facets)
    if ratio:
        labels.append(f"{ratio.title} {words[ratio.column]:g} dB")
    return f"{row['id']}: {', '.join(labels)}"


def _levels_db(samples: Pcm) -> NDArray[np.float64]:
    """Return levels in dB, shape (bands, columns), at most as many columns as are seen."""
    length = max(len(samples), _WINDOW)
    hop = max(_WINDOW // 4, length // _COLUMNS)
    centre = _WINDOW // 2
    # Every frame that reaches into the samples, one of them in the middle of the first.
    starts = range(-((centre - 1) // hop) * hop - centre, length - 1, hop)
    taper = hann(_WINDOW, sym=False)
    power = spectrogram.frame_power(samples / FULL_SCALE, starts=starts, taper=taper) / _WINDOW**2
    bands = power[:, : _WINDOW // 2].reshape(len(power), -1, _BINS_PER_BAND).mean(axis=2)
    return spectrogram.decibels(bands.T)


def _figure(width: float, height: float) -> Any:
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Any, path: Path) -> None:
    with replacement(path, durable=False) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})
