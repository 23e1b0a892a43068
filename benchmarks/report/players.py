"""Gather what is to be heard and seen of a run's examples, and draw their spectrograms."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.leaderboard.examples import PICTURE
from benchmarks.leaderboard.run_folder import write_whole
from benchmarks.leaderboard.selection import headline, worst_clips
from benchmarks.report.page_data import short
from benchmarks.report.summary import Board
from benchmarks.signal.spectrogram import FLOOR_DB, TICKS_HZ, picture, position
from mn_dataset.errors import AudioError


def listen(board: Board, run: Path) -> list[dict[str, Any]]:
    """Return the examples that have files, their pictures drawn beside the audio.

    Args:
        board: The run.
        run: The run folder; a file that is gone is left out, and an example without any.
    """
    worst = _worst_of(board)
    shown = []
    for example in board.run["examples"]:
        players = _players(example, run)
        if not players["layers"] and not players["estimates"]:
            continue
        name = example["mixture_id"]
        shown.append(
            {
                "id": name,
                "why": example.get("why", ""),
                "noise_class": example["noise_class"],
                "music_category": example["music_category"],
                "snr_db": _snr(board, name, example),
                "duration_s": example.get("duration_s"),
                "noisy": example["noisy"],
                **players,
                "scores": _scores(board, name),
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


def _players(example: Mapping[str, Any], run: Path) -> dict[str, Any]:
    levels = example.get("level_db", {})
    layers = {
        name: player
        for name in ("noisy", "clean")
        if (player := _player(run, example[name], levels.get(name), 0.0))
    }
    estimates = {}
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
        there = {name: player for name, player in files.items() if player}
        if there:
            estimates[item["denoiser"]] = there
    return {"layers": layers, "estimates": estimates}


def _player(
    run: Path, file: str, level_db: float | None, raised_db: float
) -> dict[str, Any] | None:
    """Return a file's address, level, what was added to its true level, and its picture."""
    if not file or not (run / file).is_file():
        return None
    return {
        "file": quote(file),
        "level_db": level_db,
        "raised_db": raised_db,
        "picture": _drawn(run, file),
    }


def _drawn(run: Path, file: str) -> str | None:
    """Draw a file unless that was done since it was written; None where it cannot be read."""
    audio = run / file
    place = audio.with_suffix(PICTURE)
    if not place.is_file() or place.stat().st_mtime_ns < audio.stat().st_mtime_ns:
        try:
            write_whole(place, picture(audio))
        except AudioError:
            return None
    return quote(place.relative_to(run).as_posix())


def _worst_of(board: Board) -> dict[str, list[str]]:
    """Return whose worst clip of its noise class and SNR each mixture is, by its id."""
    metric = headline(list(board.metrics))
    found: dict[str, list[str]] = {}
    columns = {
        name: place for place, name in enumerate(board.names) if board.groups[name] != "reference"
    }
    rising = board.metrics[metric]["higher_is_better"]
    worst = worst_clips(board.scores, columns, metric=metric, higher_is_better=rising)
    for (denoiser, _, _), place in worst.items():
        found.setdefault(board.scores.ids[place], []).append(denoiser)
    return found


def _scores(board: Board, mixture_id: str) -> dict[str, list[float | None]]:
    """Return every denoiser's values on one mixture, in the order of the metrics."""
    if mixture_id not in board.scores.ids:
        return {}
    place = board.scores.ids.index(mixture_id)
    return {
        name: [short(float(board.scores.values[metric][place, column])) for metric in board.metrics]
        for column, name in enumerate(board.names)
    }


def _snr(board: Board, mixture_id: str, example: Mapping[str, Any]) -> str:
    """Return the SNR as the tables call it."""
    if mixture_id in board.scores.ids:
        return str(board.scores.snr[board.scores.ids.index(mixture_id)])
    return f"{example['snr_db']:g}"
