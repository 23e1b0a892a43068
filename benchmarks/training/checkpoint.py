"""Checkpoints of a training run, each whole or not there: tensors in safetensors, progress in JSON.

A checkpoint is a folder ``step-NNNNNNNN`` that holds the tensors of the training state and how far
the run had come, with the SHA-256 of the tensors.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from benchmarks.training.progress import Progress
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import folder_replacement, remove_folder, write_text, writing
from mn_dataset.files.json_text import misfit, read_json

logger = logging.getLogger(__name__)

TENSORS, PROGRESS = "state.safetensors", "progress.json"

_HASH = "state_sha256"
_NAME = re.compile("step-([0-9]{8,})")
_CURE = "free some space, or choose another place"  # safetensors gives no number of its fault
_UNREADABLE = (OSError, SafetensorError, ValueError, DatasetError)


def save(folder: Path, tensors: Mapping[str, Tensor], progress: Progress, *, keep: int) -> None:
    """Write a checkpoint, then remove those that are neither the latest ones nor the best.

    Args:
        folder: Of the checkpoints; it need not exist.
        tensors: The training state.
        progress: How far the run has come.
        keep: How many of the latest are kept.

    Raises:
        OutputError: if it cannot be written; what was there stays.
    """
    path = folder / _name(progress.step)
    with (
        writing(path, cure=_CURE, faults=(SafetensorError,)),
        folder_replacement(path) as temporary,
    ):
        save_file(dict(tensors), temporary / TENSORS)
        text = _progress_text(progress, sha256=file_sha256(temporary / TENSORS))
        (temporary / PROGRESS).write_text(text, encoding="utf-8")
    checkpoints = list_checkpoints(folder)
    kept = {*checkpoints[-keep:], folder / _name(progress.best_step)}
    for old in checkpoints:
        if old not in kept:
            remove_folder(old)


def amend_progress(folder: Path, progress: Progress) -> None:
    """Change the progress that the checkpoint of its step holds, whole or not at all.

    Raises:
        DatasetError: if what it holds is damaged.
        OutputError: if it cannot be written.
    """
    path = folder / _name(progress.step) / PROGRESS
    try:
        _, sha256 = _read_progress(path)
    except _UNREADABLE as error:
        raise DatasetError(
            f"{path}: not what was written ({error}); remove the checkpoint, and resume"
        ) from error
    write_text(path, _progress_text(progress, sha256=sha256))


def load_newest(folder: Path) -> tuple[dict[str, Tensor], Progress] | None:
    """Return the newest checkpoint that is whole, None if there is none at all.

    Raises:
        DatasetError: if there are some, and none is whole.
    """
    faults = []
    for path in reversed(list_checkpoints(folder)):
        try:
            return _load(path)
        except _UNREADABLE as error:
            faults.append(f"{path.name} is not whole ({error})")
            logger.warning("%s: not whole (%s); an earlier one is tried", path, error)
    if faults:
        raise DatasetError(
            f"{folder}: no checkpoint can be continued: {'; '.join(faults)}; bring one back, "
            "choose another folder, or remove the run's to begin again (its weights go with it)"
        )
    return None


def list_checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, the earliest first."""
    names = {path: _NAME.fullmatch(path.name) for path in folder.glob("step-*")}
    steps = {path: int(name[1]) for path, name in names.items() if name}
    return sorted(steps, key=steps.__getitem__)


def _load(path: Path) -> tuple[dict[str, Tensor], Progress]:
    """Read a checkpoint, or raise one of ``_UNREADABLE``."""
    progress, sha256 = _read_progress(path / PROGRESS)
    if _name(progress.step) != path.name:
        raise ValueError(f"its {PROGRESS} is of step {progress.step}")
    if file_sha256(path / TENSORS) != sha256:
        raise ValueError(f"{TENSORS} is not what was written")
    return load_file(path / TENSORS), progress


def _read_progress(path: Path) -> tuple[Progress, str]:
    """Read a progress and the hash of its tensors, or raise one of ``_UNREADABLE``."""
    fields = read_json(path, cure="an earlier checkpoint is needed", error=DatasetError)
    fault = misfit(fields, {_HASH: str})
    if fault is not None:
        raise ValueError(f"{PROGRESS}: {fault}")
    sha256 = fields.pop(_HASH)
    try:
        return Progress(**fields), sha256
    except (TypeError, ValueError) as error:
        raise ValueError(f"{PROGRESS}: {error}") from error


def _progress_text(progress: Progress, *, sha256: str) -> str:
    return f"{json.dumps({**asdict(progress), _HASH: sha256})}\n"


def _name(step: int) -> str:
    return f"step-{step:08d}"
