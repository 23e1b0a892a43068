"""History of a training run as CSV: one line per step, none twice, whatever stopped the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from mn_dataset.files.atomic import write_text
from mn_dataset.files.journal import append_lines, read_lines

HISTORY = "history.csv"


@dataclass(frozen=True)
class StepRecord:
    """One line of the history.

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
        """The line of the table, without its end."""
        values = (getattr(self, field.name) for field in fields(self))
        return ",".join("" if value is None else repr(value) for value in values)


HEADER = ",".join(field.name for field in fields(StepRecord))


class History:
    """The table of steps of a run.

    Args:
        folder: The run's.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / HISTORY

    def rewind(self, step: int) -> None:
        """Keep the whole lines up to a step; the later steps will be made again.

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
            f"{line.rsplit(',', 2)[0]},{si_sdr_db!r},{gain_db!r}" if _step(line) == step else line
            for line in self._lines()
        )

    def append(self, record: StepRecord) -> None:
        """Add a line with a single write.

        Raises:
            OutputError: if it cannot be written.
        """
        append_lines(self.path, [record.line], header=[HEADER])

    def _lines(self) -> list[str]:
        """Return the whole lines but the header."""
        return list(read_lines(self.path))[1:]

    def _write(self, lines: Iterable[str]) -> None:
        write_text(self.path, "".join(f"{line}\n" for line in (HEADER, *lines)))


def _step(line: str) -> float:
    number = line.partition(",")[0]
    return int(number) if number.isdigit() else float("inf")
