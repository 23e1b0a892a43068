"""Know which outputs in a folder are ours and what made them, so that nothing is done twice."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from benchmarks.denoise.place import written
from benchmarks.harness.lock import lock
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError, MnError

LEDGER_NAME = ".mn-denoise.jsonl"
VERSION = 1
"""Raised when the same recording, denoiser and options give other samples."""


@dataclass(frozen=True)
class Making:
    """What an estimate depends on.

    Attributes:
        recording: SHA-256 of the recording's file.
        denoiser: Its registered name.
        revision: Which version of it, or of its weights.
        precision: In which it computed.
        strength: How far from the recording to the estimate.
        version: Of the way there.
    """

    recording: str
    denoiser: str
    revision: str
    precision: str
    strength: float
    version: int = VERSION


class Ledger:
    """One line of JSON per finished recording; the last of an estimate counts.

    A line is written before the files that it names are put in place: whatever a kill leaves
    is either named in it or a temporary. While it is open, no other process may open it.
    """

    def __init__(self, out: Path) -> None:
        self.out = out
        self.path = out / LEDGER_NAME
        self._made: dict[str, tuple[Making, dict[str, str]]] = {}
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Ledger:
        """Make the folder, read what is finished, and cut off a line that was torn.

        Raises:
            OutputError: if the folder or the ledger cannot be written.
            InputError: if another process writes into the folder, or the ledger is damaged.
        """
        try:
            with written(self.path):
                self.out.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("a+b")
                self._open(self._file)
        except MnError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close, and let other processes in."""
        if self._file is not None:
            self._file.close()

    def finished(self, outputs: Sequence[PurePosixPath], making: Making, *, again: bool) -> bool:
        """Tell whether all outputs stand as this making left them.

        Args:
            outputs: Paths below the folder; the first is the estimate.
            making: How they would be made now.
            again: Whether outputs of another making, and files of unknown origin, may go.

        Raises:
            InputError: if one is there, is something else, and may not go.
        """
        known, hashes = self._made.get(str(outputs[0]), (None, {}))
        ours = known == making
        standing = [name for name in outputs if os.path.lexists(self.out / name)]
        for name in standing:
            if not (ours and self._holds(name, hashes)):
                if again:
                    return False
                raise InputError(f"{self.out / name} is there already, {_whose(known, ours)}")
        return len(standing) == len(outputs)

    def note(self, making: Making, hashes: Mapping[PurePosixPath, str]) -> None:
        """Write down what is about to be put in place.

        Args:
            making: How it was made.
            hashes: SHA-256 of every output by its path below the folder, the estimate first.

        Raises:
            OutputError: if it cannot be written.
        """
        name = str(next(iter(hashes)))
        known, before = self._made.get(name, (None, {}))
        files = (before if known == making else {}) | {str(key): hashes[key] for key in hashes}
        line = json.dumps({"estimate": name, "made": asdict(making), "files": files}) + "\n"
        assert self._file is not None  # noqa: S101 - entered
        with written(self.path):
            self._file.write(line.encode())
            self._file.flush()
        self._made[name] = making, files

    def _open(self, file: IO[bytes]) -> None:
        lock(file, self.out, command="mn denoise")
        file.seek(0)
        *lines, torn = file.read().split(b"\n")
        if torn:
            file.truncate(sum(len(line) + 1 for line in lines))
        for line in lines:
            self._learn(line)

    def _learn(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            self._made[entry["estimate"]] = Making(**entry["made"]), dict(entry["files"])
        except (ValueError, LookupError, TypeError) as error:
            raise InputError(
                f"{self.path}: damaged ({error}); remove it, and what it stood for is refused "
                "until --overwrite"
            ) from error

    def _holds(self, name: PurePosixPath, hashes: Mapping[str, str]) -> bool:
        try:
            return file_sha256(self.out / name) == hashes.get(str(name))
        except OSError:  # a folder of that name, or a file that nobody may read
            return False


def _whose(known: Making | None, ours: bool) -> str:
    if known is None:
        text = "and not of `mn denoise`"
    elif ours:
        text = "and changed since it was made"
    else:
        text = f"made by {known.denoiser} of another recording, revision or options"
    return f"{text}; choose another --out, or --overwrite it"
