"""Say with what a network was trained: versions, machine, command line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from benchmarks.harness.environment import environment, now
from benchmarks.training.engine import Engine


def start(engine: Engine, *, step: int, command_line: Sequence[str]) -> dict[str, Any]:
    """Describe one start of a run: when, from which step, on what, by which command.

    Args:
        engine: Where it runs.
        step: Steps done before.
        command_line: What was typed.
    """
    return {
        "at": now(),
        "step": step,
        "command_line": list(command_line),
        "device": _device(engine.device),
        "processes": engine.processes,
        "threads": torch.get_num_threads(),
        **environment(),
    }


def _device(device: torch.device) -> str:
    """Name the device, a GPU as its maker does.

    >>> _device(torch.device("cpu"))
    'cpu'
    """
    if device.type == "cuda":
        return f"{device}: {torch.cuda.get_device_name(device)}"
    return str(device)
