"""Read from the environment what a launcher said: whether other processes train beside this one.

``accelerate launch`` and ``torchrun`` start the processes of a training, and set ``RANK``,
``WORLD_SIZE`` and their like for each; accelerate itself sets them where MPI did the starting.
Nothing here imports torch.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from mn_dataset.workers import end_with

_ALIKE = ("LOCAL_RANK", "TORCHELASTIC_RUN_ID")  # what only a launcher sets


def is_first() -> bool:
    """Tell whether this process speaks for all: the first of several, or the only one."""
    return _number("RANK", 0) == 0


def is_one_of_several() -> bool:
    """Tell whether a launcher started others beside this one."""
    return _number("WORLD_SIZE", 1) > 1


def on_this_machine() -> int:
    """Return how many of the processes run on this machine."""
    return _number("LOCAL_WORLD_SIZE", 1)


def was_left_alone() -> bool:
    """Tell whether accelerate was asked for several processes without MPI, and started this one.

    Its ``--cpu`` leaves the starting to MPI, and says nothing where there is none.
    """
    asked = os.environ.get("ACCELERATE_USE_CPU") == "True" and "MASTER_PORT" in os.environ
    return asked and not is_one_of_several() and not any(name in os.environ for name in _ALIKE)


@contextmanager
def as_one_of_several() -> Iterator[None]:
    """Let a process that was launched speak for itself only of how it failed.

    Only the first of several warns. A launcher sends SIGTERM to the processes that are left when
    one has died: outside of the steps it is taken as Ctrl-C, and after the block it comes too late.
    If the launcher itself is killed, its processes end within seconds. Nothing changes for a
    process that is alone.

    Raises:
        KeyboardInterrupt: where the signal comes.
    """
    if not is_one_of_several():
        yield
        return
    if "TORCHELASTIC_RUN_ID" in os.environ:  # started by another process that waits for it
        end_with(os.getppid())
    signal.signal(signal.SIGTERM, _interrupt_once)
    if not is_first():
        logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _interrupt_once(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signals come
    signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _number(name: str, default: int) -> int:
    value = os.environ.get(name, "")
    return int(value) if value.isdecimal() else default
