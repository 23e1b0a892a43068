"""Start programs that stop where a test wants them, to be killed there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

_HEAD = """
import os, signal, sys
from pathlib import Path

def halt(*_, **__):
    print("here", flush=True)
    sys.stdin.readline()

"""


@pytest.fixture
def halted() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a program and return it once it calls ``halt()``; its arguments are in ``sys.argv``."""
    processes: list[subprocess.Popen[str]] = []

    def start(program: str, *arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", _HEAD + program, *map(str, arguments)]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        processes.append(process)
        assert process.stdout is not None
        if process.stdout.readline() != "here\n":
            pytest.fail(process.communicate()[1])
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


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
