"""Know tasks by name: every module of `mn_dataset.tasks` that assigns ``SPEC`` is one.

Sources are read, not run, to list them. Third parties add tasks by the entry-point group
``mn.tasks``; a program adds one while it runs by ``registered``.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from mn_dataset.errors import InputError, UnknownName, suggestion
from mn_dataset.tasks.spec import TaskSpec

_PACKAGE = "mn_dataset.tasks"
_GROUP = "mn.tasks"
_SPEC = re.compile(r"^SPEC\b", re.MULTILINE)

_registered: dict[str, TaskSpec] = {}


def names() -> list[str]:
    """List the tasks, sorted.

    >>> "denoise" in names()
    True
    """
    return sorted({*_modules(), *_entry_points(), *_registered})


def find(name: str) -> TaskSpec:
    """Return a task.

    Raises:
        UnknownName: with the nearest suggestion.
        InputError: if an entry point of that name holds no task.

    >>> find("denoise").kept
    ('noise',)
    """
    if name in _registered:
        return _registered[name]
    if name in _modules():
        spec = importlib.import_module(f"{_PACKAGE}.{name}").SPEC
    elif name in _entry_points():
        spec = _entry_points()[name].load()
    else:
        raise UnknownName("task", name, names())
    if not isinstance(spec, TaskSpec) or spec.name != name:
        raise InputError(
            f"the task {name!r} is {spec!r}; expected a TaskSpec whose name is {name!r}"
        )
    return spec


def task_of(names_in_table: Iterable[str], *, where: object, error: type[InputError]) -> TaskSpec:
    """Return the one task that the rows of a table are of.

    Args:
        names_in_table: The column ``task``.
        where: The file or folder, for messages.
        error: What is raised.

    Raises:
        InputError: as ``error``, if there is no row, or rows of several tasks, or of one that is
            not known.
    """
    tasks = sorted(set(names_in_table))
    if len(tasks) != 1:
        content = f"of the tasks {', '.join(tasks)}" if tasks else "none"
        raise error(f"{where}: its mixtures are {content}; expected mixtures of one task")
    if tasks[0] not in names():
        raise error(
            f"{where}: its mixtures are of the task {tasks[0]}, which is not known here"
            f"{suggestion(tasks[0], names())} Known: {', '.join(names())}."
        )
    return find(tasks[0])


@contextmanager
def registered(spec: TaskSpec) -> Iterator[TaskSpec]:
    """Add a task for as long as a block runs; processes that work for it are handed its spec.

    Raises:
        InputError: if there is a task of that name.
    """
    if spec.name in names():
        raise InputError(f"there is a task {spec.name!r} already; choose another name")
    _registered[spec.name] = spec
    try:
        yield spec
    finally:
        del _registered[spec.name]


def add(spec: TaskSpec) -> None:
    """Add a task to a process that was handed its spec; one of a name that is there stays."""
    if spec.name not in names():
        _registered[spec.name] = spec


@cache
def _modules() -> tuple[str, ...]:
    folder = Path(str(importlib.import_module(_PACKAGE).__path__[0]))
    modules = (module.name for module in pkgutil.iter_modules([str(folder)]))
    return tuple(
        name for name in modules if _SPEC.search((folder / f"{name}.py").read_text("utf-8"))
    )


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=_GROUP)}
