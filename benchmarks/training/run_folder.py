"""Keep a run folder: what was asked, what came of it, and nothing of another run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.harness.lock import lock
from benchmarks.training import checkpoint
from benchmarks.training.history import History
from benchmarks.training.writing import written
from mn_dataset.errors import DatasetError

TRAIN_JSON = "train.json"


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

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Make the folder, and keep other runs out of it while in the block, however it ends.

        Raises:
            InputError: if another run is in it.
            OutputError: if it cannot be made.
        """
        with written(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
        if sys.platform == "win32":
            yield
            return
        with written(self.root):
            handle = os.open(self.root, os.O_RDONLY)
        try:
            lock(handle, self.root, command="mn train")
            yield
        finally:
            os.close(handle)

    def check(self, settings: Mapping[str, Any], *, resume: bool) -> None:
        """Refuse a folder that holds something else, or work that nobody asked to continue.

        Args:
            settings: What decides the weights, as JSON: model, seed, configuration, data.
            resume: Whether to continue what is there.

        Raises:
            DatasetError: saying what differs, or how to go on.
        """
        if not self.root.is_dir() or all(_is_temporary(path) for path in self.root.iterdir()):
            return
        if not (self.root / TRAIN_JSON).is_file():
            raise DatasetError(
                f"{self.root}: holds files but no {TRAIN_JSON}; expected an empty folder or a run "
                "of `mn train`, give another --out"
            )
        differing = list(differences(self.read().get("settings", {}), _json(settings)))
        if differing:
            raise DatasetError(
                f"{self.root}: holds another run: {'; '.join(differing)}; give another --out, or "
                "the options and data of that run"
            )
        if not resume and checkpoint.found(self.checkpoints):
            raise DatasetError(
                f"{self.root}: holds this run already; add --resume to continue it, or give "
                "another --out"
            )

    def sweep(self) -> None:
        """Remove what a kill left half written."""
        for path in self.root.iterdir():
            if _is_temporary(path):
                with written(path):
                    path.unlink()
        checkpoint.sweep(self.checkpoints)

    def read(self) -> dict[str, Any]:
        """Return what ``train.json`` says, nothing if there is none.

        Raises:
            DatasetError: if it is no JSON.
        """
        path = self.root / TRAIN_JSON
        try:
            told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise DatasetError(f"{path}: not JSON ({error}); give another --out") from error
        return told

    def write(self, told: Mapping[str, Any]) -> None:
        """Write ``train.json`` whole or not at all.

        Raises:
            OutputError: if it cannot be written.
        """
        path = self.root / TRAIN_JSON
        temporary = path.with_name(f".{TRAIN_JSON}.{os.getpid()}.tmp")
        text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False)
        try:
            with written(path):
                self.root.mkdir(parents=True, exist_ok=True)
                temporary.write_text(f"{text}\n", encoding="utf-8")
                temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def _is_temporary(path: Path) -> bool:
    return path.name.startswith(".") and path.suffix == ".tmp"


def differences(found: Any, asked: Any, *, name: str = "") -> Iterator[str]:
    """Yield what differs between two trees of settings, by dotted name.

    >>> list(differences({"data": {"batch": 2}, "seed": 0}, {"data": {"batch": 4}, "seed": 0}))
    ['data.batch is 2 there, 4 here']
    """
    if isinstance(found, dict) and isinstance(asked, dict):
        for key in sorted(found.keys() | asked.keys()):
            path = f"{name}.{key}" if name else key
            yield from differences(found.get(key), asked.get(key), name=path)
    elif found != asked:
        yield f"{name} is {json.dumps(found)} there, {json.dumps(asked)} here"


def _json(tree: Mapping[str, Any]) -> Any:
    """Return a tree as it comes back from a file: tuples as lists."""
    return json.loads(json.dumps(tree))
