"""Keep the curve of a run: one line per step, none twice, whatever stopped it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from benchmarks.training.writing import written

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
        self._write(line for line in self._lines() if _step(line) <= step)

    def amend(self, step: int, *, si_sdr_db: float, gain_db: float) -> None:
        """Add a validation to the line of a step that ended without one.

        Raises:
            OutputError: if it cannot be written.
        """
        self._write(
            f"{line.rsplit(',', 2)[0]},{si_sdr_db!r},{gain_db!r}\n" if _step(line) == step else line
            for line in self._lines()
        )

    def append(self, point: Point) -> None:
        """Add a line with a single write.

        Raises:
            OutputError: if it cannot be written.
        """
        with written(self.path), self.path.open("ab", buffering=0) as file:
            file.write(point.line.encode())

    def _lines(self) -> list[str]:
        """Return the whole lines, the header left away."""
        if not self.path.is_file():
            return []
        lines = self.path.read_text(encoding="utf-8").splitlines(keepends=True)[1:]
        return [line for line in lines if line.endswith("\n")]

    def _write(self, lines: Iterable[str]) -> None:
        temporary = self.path.with_name(f".{HISTORY}.{os.getpid()}.tmp")
        try:
            with written(self.path):
                temporary.write_text(HEADER + "".join(lines), encoding="utf-8")
                temporary.replace(self.path)
        finally:
            temporary.unlink(missing_ok=True)


def _step(line: str) -> float:
    word = line.partition(",")[0]
    return int(word) if word.isdigit() else float("inf")
