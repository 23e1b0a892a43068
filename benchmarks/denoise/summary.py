"""Report what became of every recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mn_dataset.files.names import one_line

State = Literal["done", "finished", "refused"]


@dataclass(frozen=True)
class Outcome:
    """What became of one recording.

    Attributes:
        recording: Its path.
        state: Done now, finished by an earlier run, or refused.
        reason: Why it was refused.
        outputs: The files that are there now: estimate, residual, spectrogram.
        duration_s: Length, where known.
        form: How estimate and residual are written.
        own_form: Whether that is the recording's own form.
        clipped: Samples of the estimate that are held at full scale.
        residual_clipped: The same of the residual.
    """

    recording: str
    state: State
    reason: str = ""
    outputs: tuple[str, ...] = ()
    duration_s: float | None = None
    form: str = ""
    own_form: bool = True
    clipped: int = 0
    residual_clipped: int = 0


@dataclass(frozen=True)
class Summary:
    """The result of a call of ``denoise``.

    Attributes:
        denoiser: Its name.
        revision: Which version of it, or of its weights.
        precision: In which it computed.
        device: Where it computed.
        out: The folder of outputs.
        outcomes: One per recording; those that were refused before any work come first.
    """

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
        head = {name: value for name, value in vars(self).items() if name != "outcomes"}
        return head | {"recordings": [asdict(outcome) for outcome in self.outcomes]}

    def __str__(self) -> str:
        """Write one line per thing to know."""
        done = [outcome for outcome in self.outcomes if outcome.state == "done"]
        seconds = sum(outcome.duration_s or 0.0 for outcome in done)
        number = _recordings(len(done))
        lines = [f"{number} ({seconds:.1f} s) denoised by {self.denoiser} into {self.out}"]
        if finished := self.count("finished"):
            lines.append(f"{_recordings(finished)} finished before, and left alone")
        if changed := sum(not outcome.own_form for outcome in done):
            lines.append(f"{_recordings(changed)} in lossy or foreign form, written as WAV")
        for outcome in self.outcomes:
            lines += _remarks(outcome)
        return "\n".join(lines)


def refusal(path: Path, error: Exception, *, duration_s: float | None = None) -> Outcome:
    """Return the outcome of a recording that was refused.

    >>> refusal(Path("a.wav"), ValueError("a.wav: truncated; get the file again")).reason
    'truncated; get the file again'
    """
    reason = str(error).removeprefix(f"{path}: ")
    return Outcome(str(path), "refused", reason, duration_s=duration_s)


def _remarks(outcome: Outcome) -> list[str]:
    recording = one_line(outcome.recording)
    if outcome.state == "refused":
        return [f"refused: {recording}: {outcome.reason}"]
    clipped = {"estimate": outcome.clipped, "residual": outcome.residual_clipped}
    return [
        f"clipped: {recording}: {count} samples of the {output} are beyond full scale and held at "
        "it; lower the recording, or write it in floating point"
        for output, count in clipped.items()
        if count
    ]


def _recordings(count: int) -> str:
    return f"{count} recording" if count == 1 else f"{count} recordings"
