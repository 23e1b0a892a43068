"""Say what became of every recording."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from mn_dataset.files.names import printable

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
    """What `mn denoise` did.

    Attributes:
        denoiser: Its name.
        revision: Which version of it, or of its weights.
        precision: In which it computed.
        device: Where.
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

    def answer(self) -> dict[str, Any]:
        """Return what ``mn denoise --json`` prints."""
        head = {name: value for name, value in vars(self).items() if name != "outcomes"}
        return head | {"recordings": [asdict(outcome) for outcome in self.outcomes]}

    def __str__(self) -> str:
        """Write one line per thing to know."""
        done = [outcome for outcome in self.outcomes if outcome.state == "done"]
        seconds = sum(outcome.duration_s or 0.0 for outcome in done)
        lines = [
            f"{_many(len(done))} ({seconds:.1f} s) denoised by {self.denoiser} into {self.out}"
        ]
        if finished := self.count("finished"):
            lines.append(f"{_many(finished)} finished before, and left alone")
        if changed := sum(not outcome.own_form for outcome in done):
            lines.append(f"{_many(changed)} in lossy or foreign form, written as WAV")
        for outcome in self.outcomes:
            lines += _remarks(outcome)
        return "\n".join(lines)


def refusal(path: Path, error: Exception, *, duration_s: float | None = None) -> Outcome:
    """Say that a recording was refused, and why.

    >>> refusal(Path("a.wav"), ValueError("a.wav: truncated; get the file again")).reason
    'truncated; get the file again'
    """
    reason = str(error).removeprefix(f"{path}: ")
    return Outcome(str(path), "refused", reason, duration_s=duration_s)


def _remarks(outcome: Outcome) -> list[str]:
    shown = printable(outcome.recording).replace("\n", "\\n")
    if outcome.state == "refused":
        return [f"refused: {shown}: {outcome.reason}"]
    held = (("estimate", outcome.clipped), ("residual", outcome.residual_clipped))
    return [
        f"clipped: {shown}: {count} samples of the {what} are beyond full scale and held at it; "
        "lower the recording, or write it in floating point"
        for what, count in held
        if count
    ]


def _many(count: int) -> str:
    return f"{count} recording" if count == 1 else f"{count} recordings"
