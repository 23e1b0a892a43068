"""Keep what became of every recording beside the corpus, so that nothing is done twice.

Write the rows of a recording's clips: what the source says of it, and what was found.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from mn_dataset.curate.gather import Recording
from mn_dataset.curate.options import Options
from mn_dataset.curate.report import write_text
from mn_dataset.errors import InputError, OutputError
from mn_dataset.records import SAMPLING_RATE, Role
from mn_dataset.tables import Row


def rows_of(recording: Recording, outcome: Outcome, defaults: Mapping[str, str]) -> Iterator[Row]:
    """Yield the row of every clip; defaults fill what the source leaves empty.

    All clips of one recording are of one group, the stated one or one of its own. Where a clip
    starts is counted from where the recording itself is said to start.
    """
    declared = recording.row
    for clip in outcome.clips:
        start_s = float(declared.start_s or 0.0) + clip.start / SAMPLING_RATE
        yield replace(
            declared,
            source=declared.source or defaults.get("source", ""),
            license=declared.license or defaults.get("license", ""),
            attribution=declared.attribution or defaults.get("attribution", ""),
            id=PurePosixPath(clip.file).with_suffix("").as_posix(),
            file=clip.file,
            group=declared.group or f"recording:{outcome.sha256[:16]}",
            start_s=f"{start_s:.10g}",
            duration_s=f"{clip.frames / SAMPLING_RATE:.10g}",
            further=declared.further + _measured(recording, outcome, clip),
        )


def _measured(recording: Recording, outcome: Outcome, clip: Clip) -> tuple[tuple[str, str], ...]:
    loudness = "" if clip.loudness_lufs is None else f"{clip.loudness_lufs:.2f}"
    return (
        ("original", recording.original),
        ("original_sha256", outcome.sha256),
        ("original_duration_s", f"{outcome.frames / SAMPLING_RATE:.10g}"),
        ("gain_db", f"{clip.gain_db:.6f}"),
        ("loudness_lufs", loudness),
        ("dc_offset", f"{clip.dc_offset:.6f}"),
        ("pcm_sha256", clip.pcm_sha256),
    )


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
