"""Run folder of a training run: settings, starts, outcome, and the history of its steps.

The folder holds nothing of another run. The history is a CSV file with one line per step, none
twice, whatever stopped the run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from benchmarks.harness.environment import environment, now
from benchmarks.training.checkpoint import list_checkpoints
from benchmarks.training.engine import Engine
from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import write_json, write_text
from mn_dataset.files.journal import append_lines, read_lines
from mn_dataset.files.lock import contents, locked

TRAIN_JSON = "train.json"
HISTORY = "history.csv"


@dataclass(frozen=True)
class StepRecord:
    """One line of the history.

    Attributes:
        step: Steps done, this one included.
        epoch: That it belongs to, counted from 0.
        loss: Of its batch, before the step.
        learning_rate: Of the step.
        grad_norm: Before clipping.
        skipped: 1 if loss or gradient was not finite, and no step was made.
        seconds: Of work until here.
        si_sdr_db: Mean of the validation that followed, if one did.
        gain_db: Its mean gain over the mixtures.
    """

    step: int
    epoch: int
    loss: float
    learning_rate: float
    grad_norm: float
    skipped: int
    seconds: float
    si_sdr_db: float | None = None
    gain_db: float | None = None

    @property
    def line(self) -> str:
        """The line of the table, without its end."""
        values = (getattr(self, field.name) for field in fields(self))
        return ",".join("" if value is None else repr(value) for value in values)


HEADER = ",".join(field.name for field in fields(StepRecord))


class History:
    """The table of steps of a run.

    Args:
        folder: The run's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / HISTORY

    def rewind(self, step: int) -> None:
        """Keep the whole lines up to a step; the later steps will be made again.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write(line for line in self._lines() if _step(line) <= step)

    def amend(self, step: int, *, si_sdr_db: float, gain_db: float) -> None:
        """Add a validation to the line of a step that ended without one.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write(
            f"{line.rsplit(',', 2)[0]},{si_sdr_db!r},{gain_db!r}" if _step(line) == step else line
            for line in self._lines()
        )

    def append(self, record: StepRecord) -> None:
        """Add a line with a single write.

        Raises:
            OutputError: if it cannot be written.
        """
        append_lines(self.path, [record.line], header=[HEADER])

    def _lines(self) -> list[str]:
        """Return the whole lines but the header."""
        return list(read_lines(self.path))[1:]

    def _write(self, lines: Iterable[str]) -> None:
        write_text(self.path, "".join(f"{line}\n" for line in (HEADER, *lines)))


def _step(line: str) -> float:
    number = line.partition(",")[0]
    return int(number) if number.isdigit() else float("inf")


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
            DatasetError: if it is no JSON.
        """
        path = self.root / TRAIN_JSON
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: not JSON ({error}); choose another folder") from error
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
