"""Say what a command makes of recordings, and find the denoiser that does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.harness.apply import AppliedDenoiser, load_denoiser
from mn_dataset.errors import InputError
from mn_dataset.tasks import registry as tasks
from mn_dataset.tasks.spec import TaskSpec


@dataclass(frozen=True)
class Work:
    """What a command makes of recordings.

    Attributes:
        task_name: The task that it does.
        verb: What recordings are afterwards, such as "denoised".
        version: Raised when the same recording, denoiser and options give other samples.
        remarks: What a count (of samples, but for ``nearly_clean``'s decibels) tells a person, by
            its name: a line with ``{recording}`` and ``{count}`` in it.
    """

    task_name: str
    verb: str
    version: int
    remarks: Mapping[str, str]

    @property
    def task(self) -> TaskSpec:
        """The task."""
        return tasks.find(self.task_name)

    @property
    def command(self) -> str:
        """The command, as a person types it."""
        return f"mn {self.task.command}"

    def denoiser(
        self, name: str, *, device: str, precision: str, batch_size: int | None
    ) -> AppliedDenoiser:
        """Find a denoiser that can do it to a recording alone; see ``load_denoiser``.

        Raises:
            UnknownName: with the nearest names.
            InputError: if it is of another task, naming the command of that, if it needs side
                information, or as ``load_denoiser``.
            MissingExtra: with the command that installs what it needs.
            DenoiserFailed: if it cannot be imported or constructed.
        """
        applied = load_denoiser(name, device=device, precision=precision, batch_size=batch_size)
        other = applied.task
        if other.name != self.task_name:
            elsewhere = f"use `mn {other.command}`, or " if other.command else ""
            raise InputError(
                f"{name!r} is a {other.actor}, for the task {other.name!r}; {elsewhere}name a "
                f"{self.task.actor}, one for the task {self.task_name!r}"
            )
        applied.check_alone()
        return applied


def check_places(inputs: Sequence[Path], out: Path) -> None:
    """Refuse to do nothing, and a folder of outputs that is a file.

    Raises:
        InputError: with what was found.
    """
    if not inputs:
        raise InputError("no recording was named; expected files or folders")
    if out.exists() and not out.is_dir():
        raise InputError(f"out is {out}, a file; expected a folder")
