"""Keep what became of every recording beside the corpus, so that nothing is done twice."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mn_dataset.catalogue.curate.options import Options
from mn_dataset.catalogue.curate.report import write_text
from mn_dataset.errors import InputError, OutputError
from mn_dataset.records import Role

JOURNAL_NAME = ".mn-curate.jsonl"
VERSION = 1
"""Raised when the same recording and options give other clips."""


@dataclass(frozen=True)
class Clip:
    """A cut that was written.

    Attributes:
        file: Its path in the corpus.
        pcm_sha256: Of its 16-bit samples.
        start: First sample in the recording, at 44.1 kHz.
        frames: Length in samples.
        gain_db: What its level was changed by.
        loudness_lufs: Integrated loudness, None where undefined.
        dc_offset: Mean of the samples re full scale.
        limited: Whether its peak forbade the loudness asked for.
    """

    file: str
    pcm_sha256: str
    start: int
    frames: int
    gain_db: float
    loudness_lufs: float | None
    dc_offset: float
    limited: bool


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes:
        role: "clean" or "noise".
        name: Its id without the role.
        size: Bytes of the original.
        mtime_ns: Modification time of the original in ns.
        sha256: Of the original, "" if it could not be read.
        frames: Length in samples at 44.1 kHz, 0 if unknown.
        clips: What was written, in order.
        rejected: (where, reason) of what was not; where is "" for all of it.
        tail: Samples left out after the last whole cut.
    """

    role: Role
    name: str
    size: int
    mtime_ns: int
    sha256: str = ""
    frames: int = 0
    clips: tuple[Clip, ...] = ()
    rejected: tuple[tuple[str, str], ...] = ()
    tail: int = 0

    @property
    def id(self) -> str:
        """The namespaced id of the recording."""
        return f"{self.role}/{self.name}"


class Journal:
    """The outcomes of a corpus, one line of JSON each; the last line of a recording counts.

    A line says either what a recording became, or that the process of the run itself began it.

    Attributes:
        outcomes: What is known, by id of the recording.
        begun: The recording during which an earlier run ended, if that is known.
        files: Every clip that was ever written.
    """

    def __init__(self, corpus: Path, options: Options) -> None:
        self.path = corpus / JOURNAL_NAME
        self.options = options
        self.outcomes: dict[str, Outcome] = {}
        self.begun: str | None = None
        self.files: set[str] = set()
        self._file: BinaryIO | None = None

    def open(self) -> None:
        """Read what is done and get ready to append; a line that was cut off is forgotten.

        Raises:
            InputError: if the corpus was made with other options.
            OutputError: if the journal cannot be written.
        """
        try:
            lines = self.path.read_bytes().split(b"\n") if self.path.exists() else []
            if len(lines) > 1:  # the first line is whole
                self._check_options(lines[0])
            for line in lines[1:-1]:
                self._learn(json.loads(line))
            self._file = self.path.open("wb" if len(lines) < 2 else "r+b")
            whole = sum(len(line) + 1 for line in lines[:-1])
            if lines and lines[-1]:
                self._file.truncate(whole)
            self._file.seek(whole)
            if not whole:
                self._append({"version": VERSION, "options": self.options.text()})
        except OSError as error:
            raise self._unwritable(error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"{self.path}: damaged ({error}); remove the folder and run the command again"
            ) from error

    def begin(self, name: str) -> None:
        """Note that this process begins a recording of which nothing is known yet."""
        if name not in self.outcomes:
            self._append({"begun": name})

    def note(self, outcome: Outcome) -> None:
        """Note what became of a recording."""
        if self.outcomes.get(outcome.id) != outcome:
            self._append(asdict(outcome))
        self._learn(asdict(outcome))

    def close(self, outcomes: Iterable[Outcome]) -> None:
        """Leave only what is true, in the order given: the same bytes however the run went."""
        self.abandon()
        lines = [{"version": VERSION, "options": self.options.text()}, *map(asdict, outcomes)]
        write_text(self.path, "".join(_line(line) for line in lines))

    def abandon(self) -> None:
        """Close the file and leave it for the next run."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _learn(self, line: dict[str, Any]) -> None:
        if "begun" in line:
            self.begun = line["begun"]
            return
        clips = tuple(Clip(**clip) for clip in line["clips"])
        rejected = tuple((where, reason) for where, reason in line["rejected"])
        outcome = Outcome(**line | {"clips": clips, "rejected": rejected})
        self.outcomes[outcome.id] = outcome
        self.files |= {clip.file for clip in clips}
        if self.begun == outcome.id:
            self.begun = None

    def _append(self, line: dict[str, Any]) -> None:
        assert self._file is not None  # noqa: S101 - open() comes first
        try:
            self._file.write(_line(line).encode())
            self._file.flush()
        except OSError as error:
            raise self._unwritable(error) from error

    def _check_options(self, line: bytes) -> None:
        head = json.loads(line)
        if (head["version"], head["options"]) != (VERSION, self.options.text()):
            raise InputError(
                f"{self.path.parent}: was curated with {head['options']} (version "
                f"{head['version']}), asked for is {self.options.text()} (version {VERSION}); "
                "choose another place, or remove the folder"
            )

    def _unwritable(self, error: OSError) -> OutputError:
        return OutputError(f"{self.path}: cannot be written ({error.strerror})")


def _line(content: dict[str, Any]) -> str:
    return json.dumps(content) + "\n"
