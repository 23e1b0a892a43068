"""Keep what a run can be continued from: whole or not at all, in safetensors and JSON."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from mn_dataset.errors import OutputError

logger = logging.getLogger(__name__)

TENSORS, PROGRESS = "state.safetensors", "progress.json"
_UNREADABLE = (OSError, SafetensorError, json.JSONDecodeError, UnicodeDecodeError, TypeError)


@dataclass(frozen=True)
class Progress:
    """How far a run has come; the next step's batch and learning rate follow from ``step``.

    Attributes:
        step: Steps done.
        seconds: Of work, validation included, over all resumes.
        best_db: The best mean gain in validation, None before the first.
        best_step: After how many steps it was found.
        stale: Validations since then.
        skipped: Steps without a finite loss and gradient, in all.
        skipped_in_a_row: The latest of them.
    """

    step: int = 0
    seconds: float = 0.0
    best_db: float | None = None
    best_step: int = 0
    stale: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0


def save(folder: Path, tensors: Mapping[str, Tensor], progress: Progress, *, keep: int) -> Path:
    """Write a checkpoint, then remove those that are neither the latest ones nor the best.

    Args:
        folder: Of the checkpoints; it need not exist.
        tensors: What the learner remembers.
        progress: How far it has come.
        keep: How many of the latest are kept.

    Raises:
        OutputError: if it cannot be written; what was there stays.
    """
    place = folder / _name(progress.step)
    temporary = folder / f".{place.name}.{os.getpid()}.tmp"
    try:
        temporary.mkdir(parents=True)
        save_file(dict(tensors), temporary / TENSORS)
        (temporary / PROGRESS).write_text(json.dumps(asdict(progress)) + "\n", encoding="utf-8")
        for name in (TENSORS, PROGRESS):
            _flush(temporary / name)
        _remove(place)
        temporary.replace(place)
        _flush(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise OutputError(f"{place}: cannot be written ({error}); free some space") from error
    kept = {path.name for path in found(folder)[-keep:]} | {_name(progress.best_step)}
    for old in found(folder):
        if old.name not in kept:
            _remove(old)
    return place


def newest(folder: Path) -> tuple[dict[str, Tensor], Progress] | None:
    """Return the newest checkpoint that is whole, None if there is none."""
    for place in reversed(found(folder)):
        try:
            told = json.loads((place / PROGRESS).read_text(encoding="utf-8"))
            return load_file(place / TENSORS), Progress(**told)
        except _UNREADABLE as error:
            logger.warning("%s: not whole (%s); an earlier one is tried", place, error)
    return None


def found(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the earliest first."""
    return sorted(folder.glob("step-*"), key=lambda path: int(path.name.removeprefix("step-")))


def sweep(folder: Path) -> None:
    """Remove what a kill left half written or half removed."""
    for rest in folder.glob(".step-*"):
        shutil.rmtree(rest, ignore_errors=True)


def _name(step: int) -> str:
    return f"step-{step:08d}"


def _remove(place: Path) -> None:
    """Remove a checkpoint; one that is half removed is no checkpoint."""
    if place.is_dir():
        hidden = place.with_name(f".{place.name}.old")
        shutil.rmtree(hidden, ignore_errors=True)
        place.replace(hidden)
        shutil.rmtree(hidden)


def _flush(path: Path) -> None:
    """Bring a file, or a folder's names, to the disk before anything is named after it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
