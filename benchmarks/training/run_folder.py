"""Run folder of a training run: settings, starts, outcome, and the history of its steps.

The folder holds nothing of another run.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch

from benchmarks.harness.environment import environment, now
from benchmarks.training.checkpoint import list_checkpoints
from benchmarks.training.engine import Engine
from benchmarks.training.history import History
from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import write_json
from mn_dataset.files.json_text import misfit, read_json
from mn_dataset.files.lock import contents, locked

TRAIN_JSON = "train.json"

_CURE = "choose another folder"


_NUMBER = (float, None)

_START: Any = {
    "at": str,
    "step": int,
    "command_line": [str],
    "device": str,
    "processes?": int,
    "threads?": int,
}

_RUN: Any = {
    "settings?": {
        "model?": str,
        "network?": {"*": Any},
        "seed?": int,
        "config?": {"*": Any},
        "data?": {"*": str},
        "began_with?": str,
    },
    "limits?": {"*": _NUMBER},
    "data?": {"*": Any},
    "parameters?": int,
    "starts?": [_START],
    "outcome?": {
        "model": str,
        "run": str,
        "steps": int,
        "reason": str,
        "best_db": _NUMBER,
        "best_step": int,
        "learned": bool,
    },
}
"""Of ``train.json``."""


class RunFolder:
    """A run folder of ``mn train``.

    Args:
        root: The folder; it need not exist.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.history = History(root)
        self.checkpoints = root / "checkpoints"
        self.events = root / "tensorboard"

    def locked(self) -> AbstractContextManager[None]:
        """Make the folder, and keep other processes' runs out of it while in the block.

        Raises:
            InputError: if another run is in it.
            OutputError: if it cannot be made.
        """
        return locked(self.root, command="mn train")

    def check(self, settings: Mapping[str, Any], *, resume: bool) -> None:
        """Refuse a folder that holds something else, or a run that is not to be resumed.

        Args:
            settings: What decides the weights, as JSON: model, seed, configuration, data.
            resume: Whether to continue what is there.

        Raises:
            DatasetError: saying what differs, or how to go on.
        """
        if not contents(self.root):
            return
        if not (self.root / TRAIN_JSON).is_file():
            raise DatasetError(
                f"{self.root}: holds files but no {TRAIN_JSON}; expected an empty folder or a run "
                "of `mn train`, choose another folder"
            )
        differing = list(differences(self.read().get("settings", {}), _as_read(settings)))
        if differing:
            raise DatasetError(
                f"{self.root}: holds another run: {'; '.join(differing)}; choose another folder, "
                "or the arguments and data of that run"
            )
        if not resume and list_checkpoints(self.checkpoints):
            raise DatasetError(
                f"{self.root}: holds this run already, and resume is False; set it to continue "
                "the run, or choose another folder"
            )

    def read(self) -> dict[str, Any]:
        """Return the content of ``train.json``, an empty one if there is no such file.

        Raises:
            DatasetError: if it is no JSON, or holds what no run has written, naming the field.
        """
        path = self.root / TRAIN_JSON
        if not path.exists():
            return {}
        content: dict[str, Any] = read_json(path, cure=_CURE, error=DatasetError)
        fault = misfit(content, _RUN)
        if fault is not None:
            raise DatasetError(f"{path}: {fault}; {_CURE}")
        return content

    def write(self, content: Mapping[str, Any]) -> None:
        """Write ``train.json`` whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        write_json(self.root / TRAIN_JSON, content)


def start_record(engine: Engine, *, step: int, command_line: Sequence[str]) -> dict[str, Any]:
    """Describe one start of a run: when, from which step, on what, by which command.

    Args:
        engine: Where it runs.
        step: Steps done before.
        command_line: What was typed.
    """
    return {
        "at": now(),
        "step": step,
        "command_line": list(command_line),
        "device": _device_name(engine.device),
        "processes": engine.processes,
        "threads": torch.get_num_threads(),
        **environment(),
    }


def differences(there: Any, here: Any, *, name: str = "") -> Iterator[str]:
    """Yield what differs between two trees of settings, by dotted name.

    >>> list(differences({"data": {"batch": 2}, "seed": 0}, {"data": {"batch": 4}, "seed": 0}))
    ['data.batch is 2 there, 4 here']
    """
    if isinstance(there, dict) and isinstance(here, dict):
        for key in sorted(there.keys() | here.keys()):
            path = f"{name}.{key}" if name else key
            yield from differences(there.get(key), here.get(key), name=path)
    elif there != here:
        yield f"{name} is {json.dumps(there)} there, {json.dumps(here)} here"


def _device_name(device: torch.device) -> str:
    """Name the device, a GPU as its maker does.

    >>> _device_name(torch.device("cpu"))
    'cpu'
    """
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)


def _as_read(tree: Mapping[str, Any]) -> Any:
    """Return a tree as it comes back from a file: tuples as lists."""
    return json.loads(json.dumps(tree))
