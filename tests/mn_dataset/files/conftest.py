"""Kill programs where a test wants them to be."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest


@pytest.fixture
def killed(
    halted: Callable[..., subprocess.Popen[str]],
) -> Callable[..., subprocess.Popen[str]]:
    """Start a program, and end it with SIGKILL where it calls ``halt()``."""

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        process = halted(program, *arguments)
        process.kill()
        process.wait()
        return process

    return start
