"""Say the command that makes one estimate of a run again, to be typed in the run's folder."""

from __future__ import annotations

import shlex
from typing import Any

from benchmarks.report.summary import Board
from mn_dataset.mix.manifest import audio_path

NOISY = "{noisy}"
"""Where a command names the mixture's file, as the shell shall read it."""

_OUT = "again"


def again(board: Board, item: dict[str, Any]) -> str:
    """Return a command for a shell that makes an estimate again, of the mixture in ``NOISY``.

    A denoiser that is told more than the mixture is run by ``mn bench``, which knows the rest.

    Args:
        board: The run.
        item: What run.json tells of the denoiser.
    """
    request = item.get("request", item["name"])  # an older run lacks it
    device = board.run["settings"]["device"]
    where = "" if device == "cpu" else f" --device {shlex.quote(device)}"
    if item.get("needs"):
        names = ",".join(dict.fromkeys(["noisy", request]))
        folder = shlex.quote(_dataset(board))
        return f"mn bench {folder} --denoisers {shlex.quote(names)} --out {_OUT}{where}"
    return f"mn denoise {NOISY} --denoiser {shlex.quote(request)} --out {_OUT}{where}"


def noisy_file(board: Board, mixture_id: str) -> str:
    """Return a mixture's file in the dataset as a shell finds it, be it WAV or FLAC."""
    path = f"{_dataset(board)}/{audio_path(mixture_id, 'noisy', '')}"
    return f"{shlex.quote(path)}*"


def _dataset(board: Board) -> str:
    data: dict[str, str] = board.run["dataset"]
    return data.get("path", data["name"])  # an older run lacks the way to it
