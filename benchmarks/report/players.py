"""Gather the audio and the spectrograms of a run's examples for the page."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from benchmarks.leaderboard.examples import PICTURE, layer_names
from benchmarks.leaderboard.inference import Floats
from benchmarks.leaderboard.selection import headline, worst_clips
from benchmarks.report.page_data import short
from benchmarks.report.summary import Board
from benchmarks.signal.spectrogram import FLOOR_DB, TICKS_HZ, picture, position
from mn_dataset.errors import AudioError
from mn_dataset.files.atomic import write_bytes
from mn_dataset.files.names import inside


def listen(board: Board, run: Path) -> list[dict[str, Any]]:
    """Return the examples that have files, their pictures drawn beside the audio.

    Args:
        board: The run.
        run: The run folder; a file that is gone is left out, and an example without any.
    """
    worst = _worst_of(board)
    shown = []
    for example in board.run["examples"]:
        players = _players(board, example, run)
        if not players["layers"] and not players["estimates"]:
            continue
        name = example["mixture_id"]
        shown.append(
            {
                "id": name,
                "why": example.get("why", ""),
                "labels": _labels(board, name, example),
                "duration_s": example.get("duration_s"),
                "noisy": example[players["inputs"][0]],
                **players,
                "scores": _scores(board, name, board.scores.values),
                "target_scores": {
                    target: _scores(board, name, values)
                    for target, values in board.scores.by_target.items()
                    if target in players["targets"]
                },
                "worst_of": worst.get(name, []),
                "sources": example.get("sources", []),
            }
        )
    return shown


def scale(sampling_rate: float) -> dict[str, Any]:
    """Return what all pictures share: the darkest level, and where which frequency stands."""
    ticks = [hz for hz in TICKS_HZ if hz < sampling_rate / 2]
    return {
        "floor_db": FLOOR_DB,
        "top_hz": sampling_rate / 2,
        "ticks": [[hz, round(position(hz, sampling_rate=sampling_rate), 4)] for hz in ticks],
    }


def _players(board: Board, example: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Return the players of inputs and targets, and of what each denoiser made of each target."""
    levels = example.get("level_db", {})
    names = layer_names(example)
    targets = [name for name in names if name in board.scores.by_target] or names[-1:]
    layers = {
        name: player
        for name in names
        if (player := _player(run, example[name], levels.get(name), 0.0))
    }
    estimates: dict[str, dict[str, dict[str, Any]]] = {}
    for item in example["estimates"]:
        files = {
            "estimate": _player(
                run, item["file"], item.get("level_db"), -item.get("attenuated_db", 0.0)
            ),
            "residual": _player(
                run,
                item.get("residual", ""),
                item.get("residual_level_db"),
                item.get("residual_raised_db", 0.0),
            ),
        }
        players = {name: player for name, player in files.items() if player}
        if players:
            target = item.get("target", targets[0])
            estimates.setdefault(item["denoiser"], {})[target] = players
    return {
        "inputs": [name for name in names if name not in targets],
        "targets": targets,
        "layers": layers,
        "estimates": estimates,
    }


def _player(
    run: Path, file: str, level_db: float | None, raised_db: float
) -> dict[str, Any] | None:
    """Return a file's address, level, what was added to its true level, and its picture."""
    if not file or not inside(run, file).is_file():
        return None
    return {
        "file": quote(file),
        "level_db": level_db,
        "raised_db": raised_db,
        "picture": _drawn(run, file),
    }


def _drawn(run: Path, file: str) -> str | None:
    """Draw a file unless that was done since it was written; None where it cannot be read."""
    audio = inside(run, file)
    path = inside(run, str(PurePosixPath(file).with_suffix(PICTURE)))
    if not path.is_file() or path.stat().st_mtime_ns < audio.stat().st_mtime_ns:
        try:
            write_bytes(path, picture(audio), durable=False)
        except AudioError:
            return None
    return quote(path.relative_to(run).as_posix())


def _worst_of(board: Board) -> dict[str, list[str]]:
    """Return by mixture whose worst one of its cell it is; see ``worst_clips``."""
    metric = headline(list(board.metrics))
    columns = {
        name: column for column, name in enumerate(board.names) if board.groups[name] != "reference"
    }
    rising = board.metrics[metric]["higher_is_better"]
    worst = worst_clips(board.scores, columns, metric=metric, higher_is_better=rising)
    names: dict[str, list[str]] = {}
    for (denoiser, *_), row in worst.items():
        names.setdefault(board.scores.ids[row], []).append(denoiser)
    return names


def _scores(
    board: Board, mixture_id: str, values: Mapping[str, Floats]
) -> dict[str, list[float | None]]:
    """Return every denoiser's values on one mixture, in the order of the metrics."""
    if mixture_id not in board.scores.ids:
        return {}
    row = board.scores.ids.index(mixture_id)
    return {
        name: [short(float(values[metric][row, column])) for metric in board.metrics]
        for column, name in enumerate(board.names)
    }


def _labels(board: Board, mixture_id: str, example: Mapping[str, Any]) -> list[str]:
    """Return the mixture's labels on the facets as the tables call them."""
    if mixture_id in board.scores.ids:
        row = board.scores.ids.index(mixture_id)
        return [str(labels[row]) for labels in board.scores.labels.values()]
    cells = (example[facet.column] for facet in board.task.facets)
    return [f"{cell:g}" if isinstance(cell, float) else str(cell) for cell in cells]
