"""History of a training run: a CSV file with one line per step, none twice, whatever stopped it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from mn_dataset.errors import DatasetError
from mn_dataset.files.atomic import write_text
from mn_dataset.files.journal import append_lines, read_lines

HISTORY = "history.csv"

_HIGHEST = {"step": 10**15, "epoch": 10**15, "skipped": 1}
_VALIDATED = ("si_sdr_db", "gain_db")  # empty where no validation followed


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
            DatasetError: if the file is no history.
            OutputError: if it cannot be written.
        """
        self._write(record for record in read_history(self.path) if record.step <= step)

    def amend(self, step: int, *, si_sdr_db: float, gain_db: float) -> None:
        """Add a validation to the line of a step that ended without one.

        Raises:
            DatasetError: if the file is no history.
            OutputError: if it cannot be written.
        """
        self._write(
            replace(one, si_sdr_db=si_sdr_db, gain_db=gain_db) if one.step == step else one
            for one in read_history(self.path)
        )

    def append(self, record: StepRecord) -> None:
        """Add a line with a single write.

        Raises:
            OutputError: if it cannot be written.
        """
        append_lines(self.path, [record.line], header=[HEADER])

    def _write(self, records: Iterable[StepRecord]) -> None:
        lines = (HEADER, *(record.line for record in records))
        write_text(self.path, "".join(f"{line}\n" for line in lines))


def read_history(path: Path) -> list[StepRecord]:
    """Read the whole lines of a history; none where there is no file.

    Raises:
        DatasetError: naming line and column of what is none of ours.
    """
    header, *lines = list(read_lines(path)) or [HEADER]
    records: list[StepRecord] = []
    try:
        if header != HEADER:
            raise ValueError(f"line 1: is {header[:60]!r}; expected {HEADER!r}")
        for number, line in enumerate(lines, start=2):
            records.append(_record(line, number))
            if len(records) > 1 and records[-1].step <= records[-2].step:
                raise ValueError(
                    f"line {number}: column 'step' is {records[-1].step}; expected more than "
                    f"{records[-2].step}, that of the line before"
                )
    except ValueError as error:
        raise DatasetError(
            f"{path}: {error}; remove the line, or bring the file back as it was"
        ) from error
    return records


def _record(line: str, number: int) -> StepRecord:
    """Read a line, or raise a ValueError that names its number and the column."""
    cells, columns = line.split(","), fields(StepRecord)
    if len(cells) != len(columns):
        raise ValueError(f"line {number}: has {len(cells)} cells; expected {len(columns)}")
    values: dict[str, Any] = {}
    for column, cell in zip(columns, cells, strict=True):
        try:
            values[column.name] = _value(column.name, cell)
        except ValueError as error:
            raise ValueError(
                f"line {number}: column {column.name!r} is {cell[:60]!r}; expected {error}"
            ) from error
    return StepRecord(**values)


def _value(column: str, cell: str) -> float | None:
    """Return what a cell holds, or raise a ValueError that says what is expected of it."""
    if column in _HIGHEST:
        if not (cell.isascii() and cell.isdigit() and int(cell[:20]) <= _HIGHEST[column]):
            raise ValueError(f"a whole number from 0 to {_HIGHEST[column]}")
        return int(cell)
    if not cell and column in _VALIDATED:
        return None
    try:
        value = float(cell)
    except ValueError:
        raise ValueError("a number") from None
    if column in ("learning_rate", "seconds") and not 0.0 <= value < math.inf:
        raise ValueError("a finite number, 0 or more")
    return value
