"""Keep what a run can be continued from: whole or not at all, in safetensors and JSON."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.training.writing import written
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError

logger = logging.getLogger(__name__)

TENSORS, PROGRESS = "state.safetensors", "progress.json"
_HASH = "state_sha256"
_NAMED = re.compile("step-[0-9]{8,}")
_UNREADABLE = (OSError, SafetensorError, ValueError, TypeError)


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
        validated_step: After how many steps the latest validation was.
    """

    step: int = 0
    seconds: float = 0.0
    best_db: float | None = None
    best_step: int = 0
    stale: int = 0
    skipped: int = 0
    skipped_in_a_row: int = 0
    validated_step: int = 0

    def __post_init__(self) -> None:
        """Refuse what no run can have come to.

        Raises:
            ValueError: naming the field.
        """
        for one in fields(self):
            value = getattr(self, one.name)
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= 0
            number = whole or (isinstance(value, float) and math.isfinite(value))
            real = number or (value is None and one.name == "best_db")
            if not (real if one.name in ("seconds", "best_db") else whole):
                raise ValueError(f"{one.name} is {value!r}")


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
    with written(place):
        try:
            temporary.mkdir(parents=True)
            save_file(dict(tensors), temporary / TENSORS)
            _write(temporary / PROGRESS, progress, sha256=file_sha256(temporary / TENSORS))
            _flush(temporary / TENSORS)
            _remove(place)
            temporary.replace(place)
            _flush(folder)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        kept = {path.name for path in found(folder)[-keep:]} | {_name(progress.best_step)}
        for old in found(folder):
            if old.name not in kept:
                _remove(old)
    return place


def amend(folder: Path, progress: Progress) -> None:
    """Change what the checkpoint of a step says of the progress, whole or not at all.

    Raises:
        OutputError: if it cannot be written.
    """
    path = folder / _name(progress.step) / PROGRESS
    temporary = path.with_name(f".{PROGRESS}.tmp")
    with written(path):
        told = json.loads(path.read_text(encoding="utf-8"))
        _write(temporary, progress, sha256=told[_HASH])
        temporary.replace(path)


def newest(folder: Path) -> tuple[dict[str, Tensor], Progress] | None:
    """Return the newest checkpoint that is whole, None if there is none at all.

    Raises:
        DatasetError: if there are some, and none is whole.
    """
    faults = []
    for place in reversed(found(folder)):
        try:
            return _read(place)
        except _UNREADABLE as error:
            faults.append(f"{place.name} is not whole ({error})")
            logger.warning("%s: not whole (%s); an earlier one is tried", place, error)
    if faults:
        raise DatasetError(
            f"{folder}: no checkpoint can be continued: {'; '.join(faults)}; bring one back, give "
            "another --out, or remove the run's folder to begin again (its weights go with it)"
        )
    return None


def found(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the earliest first."""
    places = [path for path in folder.glob("step-*") if _NAMED.fullmatch(path.name)]
    return sorted(places, key=lambda path: int(path.name.removeprefix("step-")))


def sweep(folder: Path) -> None:
    """Remove what a kill left half written or half removed."""
    for rest in folder.glob(".step-*"):
        shutil.rmtree(rest, ignore_errors=True)


def _read(place: Path) -> tuple[dict[str, Tensor], Progress]:
    """Read a checkpoint, or raise one of ``_UNREADABLE``."""
    told = dict(json.loads((place / PROGRESS).read_text(encoding="utf-8")))
    sha256 = told.pop(_HASH, None)
    progress = Progress(**told)
    if _name(progress.step) != place.name:
        raise ValueError(f"it says that it is of step {progress.step}")
    if file_sha256(place / TENSORS) != sha256:
        raise ValueError(f"{TENSORS} is not what was written")
    return load_file(place / TENSORS), progress


def _write(path: Path, progress: Progress, *, sha256: str) -> None:
    text = json.dumps({**asdict(progress), _HASH: sha256})
    path.write_text(f"{text}\n", encoding="utf-8")
    _flush(path)


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
