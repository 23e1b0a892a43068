"""Keep what became of every recording in a journal beside the corpus: nothing is done twice.

From an outcome come the rows of a recording's clips: what the source states of it, and what was
measured.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from mn_dataset.audio.scan import Rejection
from mn_dataset.curate.cuts import CutOptions
from mn_dataset.curate.gather import Recording
from mn_dataset.errors import InputError
from mn_dataset.files.atomic import write_text
from mn_dataset.files.journal import Journal
from mn_dataset.records import SAMPLING_RATE, Role
from mn_dataset.tables import Row

JOURNAL_NAME = ".mn-curate.jsonl"
REJECTED_NAME = "rejected.csv"
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
class RecordingOutcome:
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


class OutcomeJournal:
    """The outcomes of a corpus, one line of JSON each; the last line of a recording counts.

    A line says either what a recording became, or that the process of the run itself began it.

    Attributes:
        options: How the corpus is cut and judged.
        outcomes: By id of the recording.
        begun: The recording during which an earlier run ended, if there is one.
        files: Every clip that was ever written.
    """

    def __init__(self, corpus: Path, options: CutOptions) -> None:
        self.options = options
        self.outcomes: dict[str, RecordingOutcome] = {}
        self.begun: str | None = None
        self.files: set[str] = set()
        header = {"version": VERSION, "options": options.text()}
        self._journal = Journal(corpus / JOURNAL_NAME, _decode, _encode, header)

    def open(self) -> None:
        """Read what is done, and begin the file if there is none; what a damaged line says is lost.

        Raises:
            InputError: if the corpus was made with other options, or the journal cannot be read.
            OutputError: if it cannot be written.
        """
        header, expected = self._journal.stored_header(), self._journal.header
        if header is None:
            self._journal.rewrite([])  # before the first clip: it tells that the folder is ours
        elif header != expected:
            raise InputError(
                f"{self._journal.path.parent}: was curated with {_described(header)}, asked for is "
                f"{_described(expected)}; choose another place, or remove the folder"
            )
        for entry in self._journal.entries():
            self._learn(entry)

    def begin(self, recording_id: str) -> None:
        """Note that this process begins a recording of which nothing is noted yet."""
        if recording_id not in self.outcomes:
            self._journal.append(recording_id)

    def note(self, outcome: RecordingOutcome) -> None:
        """Note what became of a recording."""
        if self.outcomes.get(outcome.id) != outcome:
            self._journal.append(outcome)
        self._learn(outcome)

    def close(self, outcomes: Iterable[RecordingOutcome]) -> None:
        """Leave only what is true, in the order given: the same bytes however the run went."""
        self._journal.rewrite(outcomes)

    def _learn(self, entry: RecordingOutcome | str) -> None:
        if isinstance(entry, str):
            self.begun = entry
            return
        self.outcomes[entry.id] = entry
        self.files |= {clip.file for clip in entry.clips}
        if self.begun == entry.id:
            self.begun = None


def rows_of(
    recording: Recording, outcome: RecordingOutcome, defaults: Mapping[str, str]
) -> Iterator[Row]:
    """Yield the row of every clip; defaults fill what the source leaves empty.

    All clips of one recording are of one group, the stated one or one of its own. Where a clip
    starts is counted from where the recording itself is said to start.
    """
    stated = recording.row
    for clip in outcome.clips:
        start_s = float(stated.start_s or 0.0) + clip.start / SAMPLING_RATE
        yield replace(
            stated,
            source=stated.source or defaults.get("source", ""),
            license=stated.license or defaults.get("license", ""),
            attribution=stated.attribution or defaults.get("attribution", ""),
            id=PurePosixPath(clip.file).with_suffix("").as_posix(),
            file=clip.file,
            group=stated.group or f"recording:{outcome.sha256[:16]}",
            start_s=f"{start_s:.10g}",
            duration_s=f"{clip.frames / SAMPLING_RATE:.10g}",
            further=stated.further + _measured(recording, outcome, clip),
        )


def write_rejections(corpus: Path, rejected: Sequence[Rejection]) -> None:
    """Write `rejected.csv`: file, row, reason, where; only the header when all is well.

    Raises:
        OutputError: if it cannot be written.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(("file", "row", "reason", "where"))
    writer.writerows((item.file, item.row, item.reason, item.where) for item in rejected)
    write_text(corpus / REJECTED_NAME, buffer.getvalue())


def _measured(
    recording: Recording, outcome: RecordingOutcome, clip: Clip
) -> tuple[tuple[str, str], ...]:
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


def _encode(entry: RecordingOutcome | str) -> dict[str, Any]:
    return {"begun": entry} if isinstance(entry, str) else asdict(entry)


def _decode(content: dict[str, Any]) -> RecordingOutcome | str:
    if "begun" in content:
        return str(content["begun"])
    clips = tuple(Clip(**clip) for clip in content["clips"])
    rejected = tuple((where, reason) for where, reason in content["rejected"])
    return RecordingOutcome(**content | {"clips": clips, "rejected": rejected})


def _described(header: dict[str, Any]) -> str:
    return f"{header.get('options')} (version {header.get('version')})"
