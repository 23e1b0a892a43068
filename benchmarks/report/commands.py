"""Say the command that makes one estimate of a run again."""

from __future__ import annotations

import shlex
from pathlib import Path

from benchmarks.report.board import Board
from mn_dataset.mix.manifest import audio_path

NOISY = "{noisy}"
"""Where a command names the mixture's file, as the shell shall read it."""

_OUT = "again"


def requests(board: Board) -> dict[str, str]:
    """Return what each denoiser is asked for by on a command line, by name.

    A file's is read from the run's command; what cannot be told from it is asked for by its name.
    """
    typed = _option(board.run["command_line"], "--denoisers").split(",")
    found = {}
    for item in board.run["denoisers"]:
        name = item["name"]
        places = [one for one in typed if one != name and _called(one, name)]
        found[name] = places[0] if len(places) == 1 and name not in typed else name
    return found


def again(board: Board, denoiser: str, request: str) -> str:
    """Return a command for a shell that makes an estimate again, of the mixture in ``NOISY``.

    A denoiser that is told more than the mixture is run by ``mn bench``, which knows the rest.

    Args:
        board: The run.
        denoiser: Its name.
        request: What it is asked for by.
    """
    item = next(item for item in board.run["denoisers"] if item["name"] == denoiser)
    device = board.run["settings"]["device"]
    where = "" if device == "cpu" else f" --device {shlex.quote(device)}"
    if item.get("needs"):
        names = ",".join(dict.fromkeys(["noisy", request]))
        folder = shlex.quote(dataset(board))
        return f"mn bench {folder} --denoisers {shlex.quote(names)} --out {_OUT}{where}"
    return f"mn denoise {NOISY} --denoiser {shlex.quote(request)} --out {_OUT}{where}"


def noisy_file(board: Board, mixture_id: str) -> str:
    """Return a mixture's file in the dataset as a shell finds it, be it WAV or FLAC."""
    path = f"{dataset(board)}/{audio_path(mixture_id, 'noisy', '')}"
    return f"{shlex.quote(path)}*"


def dataset(board: Board) -> str:
    """Return the dataset's folder as it was typed, or else its name."""
    words: list[str] = board.run["command_line"]
    name: str = board.run["dataset"]["name"]
    if "bench" not in words:
        return name
    after = words[words.index("bench") + 1 :]
    # Every option of `mn bench` takes a value but --json.
    for before, word in zip(["", *after], after, strict=False):
        value = before.startswith("--") and "=" not in before and before != "--json"
        if not word.startswith("--") and not value:
            return word.rstrip("/")
    return name


def _option(words: list[str], name: str) -> str:
    for word, following in zip(words, [*words[1:], ""], strict=False):
        if word == name:
            return following
        if word.startswith(f"{name}="):
            return word.removeprefix(f"{name}=")
    return ""


def _called(request: str, name: str) -> bool:
    """Whether what was typed may be the denoiser of a name.

    >>> _called("./mine.py:Half", "half"), _called("musicecan@runs/a", "musicecan@a")
    (True, True)
    >>> _called("./mine.py:Half", "musicecan@a"), _called("musicecan@runs/b", "musicecan@a")
    (False, False)
    """
    model, _, weights = name.partition("@")
    if weights:
        asked, _, place = request.partition("@")
        return asked == model and weights in (Path(place).name, Path(place).stem)
    return ".py:" in request or request.endswith(".toml")
