"""Report what became of every recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from benchmarks.recordings.work import Work
from mn_dataset.files.names import one_line

State = Literal["done", "finished", "refused"]


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes:
        recording: Its path.
        state: Done now, finished by an earlier run, or refused.
        reason: Why it was refused.
        outputs: The files that are there now.
        duration_s: Length, where known.
        form: How samples are written.
        own_form: Whether that is the recording's own form.
        counts: How many samples are not as they would be, by the names of the work's remarks.
    """

    recording: str
    state: State
    reason: str = ""
    outputs: tuple[str, ...] = ()
    duration_s: float | None = None
    form: str = ""
    own_form: bool = True
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Summary:
    """What a command made of recordings.

    Attributes:
        work: What it makes of them.
        denoiser: Its name.
        revision: Which version of it, or of its weights.
        precision: In which it computed.
        device: Where it computed.
        out: The folder of outputs.
        outcomes: One per recording; those that were refused before any work come first.
    """

    work: Work
    denoiser: str
    revision: str
    precision: str
    device: str
    out: Path
    outcomes: tuple[Outcome, ...]

    @property
    def refused(self) -> int:
        """How many recordings were refused; the command exits with 1 if any."""
        return self.count("refused")

    def count(self, state: State) -> int:
        """Return how many recordings are in a state."""
        return Counter(outcome.state for outcome in self.outcomes)[state]

    def as_dict(self) -> dict[str, Any]:
        """Return the same as plain values, for JSON."""
        return {
            self.work.task.actor: self.denoiser,
            "revision": self.revision,
            "precision": self.precision,
            "device": self.device,
            "out": self.out,
            "recordings": [self._row(outcome) for outcome in self.outcomes],
        }

    def _row(self, outcome: Outcome) -> dict[str, Any]:
        row = {name: value for name, value in vars(outcome).items() if name != "counts"}
        return row | {name: outcome.counts.get(name, 0) for name in self.work.remarks}

    def __str__(self) -> str:
        """Write one line per thing to know."""
        done = [outcome for outcome in self.outcomes if outcome.state == "done"]
        seconds = sum(outcome.duration_s or 0.0 for outcome in done)
        number = _recordings(len(done))
        head = f"{number} ({seconds:.1f} s) {self.work.verb} by {self.denoiser} into {self.out}"
        lines = [head]
        if finished := self.count("finished"):
            lines.append(f"{_recordings(finished)} finished before, and left alone")
        if changed := sum(not outcome.own_form for outcome in done):
            lines.append(f"{_recordings(changed)} in lossy or foreign form, written as WAV")
        for outcome in self.outcomes:
            lines += self._remarks(outcome)
        return "\n".join(lines)

    def _remarks(self, outcome: Outcome) -> list[str]:
        recording = one_line(outcome.recording)
        if outcome.state == "refused":
            return [f"refused: {recording}: {outcome.reason}"]
        return [
            remark.format(recording=recording, count=outcome.counts[name])
            for name, remark in self.work.remarks.items()
            if outcome.counts.get(name)
        ]


def refusal(path: Path, error: Exception, *, duration_s: float | None = None) -> Outcome:
    """Return the outcome of a recording that was refused.

    >>> refusal(Path("a.wav"), ValueError("a.wav: truncated; get the file again")).reason
    'truncated; get the file again'
    """
    reason = str(error).removeprefix(f"{path}: ")
    return Outcome(str(path), "refused", reason, duration_s=duration_s)


def _recordings(count: int) -> str:
    return f"{count} recording" if count == 1 else f"{count} recordings"
