"""Keep the curve of a run: one line per step, none twice, whatever stopped it."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields
from pathlib import Path

from mn_dataset.errors import OutputError

HISTORY = "history.csv"


@dataclass(frozen=True)
class Point:
    """One line.

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
        """The line of the table."""
        values = (getattr(self, one.name) for one in fields(self))
        return ",".join("" if value is None else repr(value) for value in values) + "\n"


HEADER = ",".join(one.name for one in fields(Point)) + "\n"


class History:
    """The table of a run.

    Args:
        folder: The run's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / HISTORY

    def rewind(self, step: int) -> None:
        """Keep the whole lines up to a step; what came after it will come again.

        Raises:
            OutputError: if it cannot be written.
        """
        lines = []
        if self.path.is_file():
            lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        kept = [line for line in lines if line.endswith("\n") and _step(line) <= step]
        temporary = self.path.with_name(f".{HISTORY}.{os.getpid()}.tmp")
        try:
            temporary.write_text(HEADER + "".join(kept), encoding="utf-8")
            temporary.replace(self.path)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error

    def append(self, point: Point) -> None:
        """Add a line with a single write.

        Raises:
            OutputError: if it cannot be written.
        """
        try:
            with self.path.open("ab", buffering=0) as file:
                file.write(point.line.encode())
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error


def _step(line: str) -> float:
    word = line.partition(",")[0]
    return int(word) if word.isdigit() else float("inf")
