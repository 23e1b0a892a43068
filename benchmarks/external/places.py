"""What the TOML files that describe denoisers fill in: places of files, and of which targets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.contract import DenoiserSpec
from mn_dataset.errors import InputError
from mn_dataset.tasks import registry as tasks

IN, OUT, OUTDIR = "{in}", "{out}", "{outdir}"
"""The file of a mixture, the file of its estimate, and a folder of estimates."""

ID, NAME = "{id}", "{name}"
"""Of a mixture in a dataset: such as test/000000, and the last part of that."""


def filled(word: str, values: Mapping[str, object]) -> str:
    """Return a word with the places in it filled in.

    >>> filled("{name}_enhanced.wav", {ID: "test/000000", NAME: "000000"})
    '000000_enhanced.wav'
    """
    for name, value in values.items():
        word = word.replace(name, str(value))
    return word


def check_targets(
    path: Path, spec: DenoiserSpec, targets: Mapping[str, str], places: list[str]
) -> bool:
    """Tell whether the task has several targets, and refuse files that are not one of each.

    Those in a dataset's places may be left away: their usual names are known.

    Args:
        path: The TOML file.
        spec: What it declares.
        targets: File of each target.
        places: One of these is in the name of each.

    Raises:
        InputError: with what is expected.
    """
    if spec.task not in tasks.names():
        raise InputError(
            f"{path}: task is {spec.task!r}; expected one of {', '.join(tasks.names())}"
        )
    task = tasks.find(spec.task)
    if not task.target_axis:
        if targets:
            raise InputError(
                f"{path}: targets is {targets!r}; the task {task.name!r} has one target alone"
            )
        return False
    optional = OUTDIR not in places
    well = isinstance(targets, dict) and sorted(targets) == sorted(task.target_names)
    if not (well or (optional and not targets)) or not all(
        any(place in str(file) for place in places) for file in targets.values()
    ):
        raise InputError(
            f"{path}: targets is {targets!r}; expected a file for each of "
            f"{', '.join(task.target_names)}, with {' or '.join(places)} in it"
        )
    return True
