"""Say where a run's dataset and denoisers lie, so that whoever has the run folder finds them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from benchmarks import registry


def seen_from(run: Path, place: Path) -> str:
    """Return the way from a run folder to a place: nothing of the machine's own tree is told.

    >>> seen_from(Path("out/run"), Path("out/dataset"))
    '../dataset'
    """
    return Path(os.path.relpath(place.resolve(), run.resolve())).as_posix()


def found_from(run: Path, way: str) -> Path:
    """Return the place that a way from a run folder leads to.

    >>> found_from(Path("/out/run"), "../dataset").as_posix()
    '/out/dataset'
    """
    return Path(os.path.normpath(run.resolve() / way))


def request_from(run: Path, request: str) -> str:
    """Write what a denoiser was asked for by, with its file and its weights seen from a run folder.

    >>> request_from(Path("out/run"), "musicecan@weights/a.safetensors")
    'musicecan@../../weights/a.safetensors'
    >>> request_from(Path("out/run"), "wiener")
    'wiener'
    """
    return _moved(request, lambda path: seen_from(run, Path(path)))


def request_found(run: Path, request: str) -> str:
    """Read what ``request_from`` wrote.

    >>> request_found(Path("/out/run"), "../../mine.py:Half")
    '/mine.py:Half'
    """
    return _moved(request, lambda way: found_from(run, way).as_posix())


def _moved(request: str, move: Callable[[str], str]) -> str:
    name, checkpoint = registry.split_checkpoint(request)
    weights = "" if checkpoint is None else f"@{move(checkpoint.as_posix())}"
    if name.endswith(".toml"):
        return move(name) + weights
    path, separator, attribute = name.rpartition(".py:")
    if separator:
        return f"{move(f'{path}.py')}:{attribute}{weights}"
    return name + weights
