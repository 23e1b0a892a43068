"""Run a command line, and print for a person at a terminal or for a program through a pipe."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cyclopts

from mn_dataset.errors import MnError
from mn_dataset.files.atomic import MORE_FILES
from mn_dataset.files.names import one_line

DONE, INPUT_AT_FAULT, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130

_PARAMETER = re.compile(
    r"""`([a-z]\w*)`|(?<![\w./\\'"`=-])([a-z]+_\w+)(?![\w/\\'"`=]|\.\w)|\A([a-z]\w*)(?=\ is\ )"""
)
_NO_WIDTHS = ("", "0")
_SHOWN = 160  # characters of a path in a message
_NEGATIVE_RANGE = re.compile(r"-[\d.]+:-?[\d.]+")


def run(app: cyclopts.App, tokens: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; a person never sees a traceback.

    0 is done, 1 the user's input is at fault (one message on stderr), 2 wrong usage.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ↑ or é shows ? instead
    if os.environ.get("COLUMNS", "1").strip() in _NO_WIDTHS:
        del os.environ["COLUMNS"]  # a window that is not there yet; nothing could be laid out
    words = sys.argv[1:] if tokens is None else tokens
    # "-5:20" is a range of SNRs, not an option; the blank keeps the parser from taking it for one.
    words = [f" {word}" if _NEGATIVE_RANGE.fullmatch(word) else word for word in words]
    try:
        result = app(words, exit_on_error=False, result_action="return_value")
    except cyclopts.CycloptsError:  # the parser has explained itself
        return WRONG_USAGE
    except BrokenPipeError:  # whoever read stdout has seen enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except MnError as error:
        print(f"mn: {with_options(str(error), app, words)}", file=sys.stderr)
        return INPUT_AT_FAULT
    except (OSError, MemoryError) as error:
        print(f"mn: {_fault(error)}", file=sys.stderr)
        return INPUT_AT_FAULT
    except KeyboardInterrupt as stop:
        progress = f" ({stop})" if str(stop) else ""
        print(f"mn: interrupted{progress}; the same command resumes", file=sys.stderr)
        return INTERRUPTED
    return result if isinstance(result, int) else DONE


def _fault(error: OSError | MemoryError) -> str:
    """Say in words what the system refused.

    >>> _fault(FileNotFoundError(2, "No such file or directory", "a.wav"))
    'a.wav: no such file or directory; check the path, its permissions and the disk'
    >>> _fault(OSError(24, "Too many open files"))
    'the system refused (too many open files); allow more open files with `ulimit -n 1024`'
    >>> _fault(OSError(12, "Cannot allocate memory"))
    'memory ran out; use fewer workers, or shorter pieces'
    """
    if isinstance(error, MemoryError) or error.errno == errno.ENOMEM:
        return "memory ran out; use fewer workers, or shorter pieces"
    if not error.strerror:
        return str(error)
    reason = f"{error.strerror[0].lower()}{error.strerror[1:]}"
    cure = "check the path, its permissions and the disk"
    if error.errno == errno.ENAMETOOLONG:
        cure = "choose a shorter one"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        cure = MORE_FILES
    if error.filename is None:
        return f"the system refused ({reason}); {cure}"
    name = one_line(os.fsdecode(error.filename)) if not isinstance(error.filename, int) else ""
    shown = name if len(name) <= _SHOWN else f"{name[: _SHOWN // 2]}…{name[-_SHOWN // 2 :]}"
    return f"{shown}: {reason}; {cure}"


def with_options(text: str, app: cyclopts.App, words: Sequence[str]) -> str:
    """Put a command's options in place of the library's parameters that a text names.

    A parameter is named by an underscore in it, in backticks, or as the first word of the text
    before "is" ("seconds is 0; expected …"). Paths and what stands in quotes are left alone.

    Args:
        text: What the library says.
        app: The command line.
        words: The command, with or without what follows it.
    """
    command = app.parse_commands(words)[1][-1]
    options = {
        argument.field_info.name: argument.name
        for argument in command.assemble_argument_collection()
        if argument.name.startswith("--")
    }

    def option(match: re.Match[str]) -> str:
        return options.get(match[1] or match[2] or match[3], match[0])

    return _PARAMETER.sub(option, text)


def say(text: str) -> None:
    """Print a line for people on stdout."""
    print(text)


def note(text: str) -> None:
    """Print lines for people on stderr, beside what a program reads."""
    print(text, file=sys.stderr)


def agrees(question: str) -> bool:
    """Ask a person for a y; where nobody is there to answer, nobody agrees."""
    if not (sys.stdin and sys.stdin.isatty()):
        return False
    note(f"{question} [y/N] ")
    return input().strip().casefold() in ("y", "yes")


def answer(result: dict[str, Any]) -> None:
    """Print one machine-readable object on stdout."""
    print(json.dumps(result, ensure_ascii=False, indent=2, default=str))


@contextmanager
def bar(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show a progress bar on stderr while in the block; silent when stderr is no terminal.

    Yields:
        A function to call with (done, all).
    """
    from rich.console import Console
    from rich.progress import Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (
        *Progress.get_default_columns()[:-1],
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(label, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
