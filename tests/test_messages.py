"""What the library says speaks of parameters; options are the command line's words."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path
    for package in ("mn_dataset", "benchmarks")
    for path in (ROOT / package).rglob("*.py")
    if "commands" not in path.parts and path.name != "cli.py"
)
OPTION = re.compile(r"(?<![\w-])--[a-z]")


def messages(tree):
    """Yield the string constants of errors that are raised or made, and of what is logged."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise):
            yield from strings(node)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name.endswith(("Error", "Failed", "refusal")) or name.startswith("logger."):
                yield from strings(node)


def strings(node):
    """Yield every string constant below a node, those of f-strings too."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield inner


def options(source):
    """Return the lines of a source file whose messages name an option."""
    return sorted(
        {
            constant.lineno
            for constant in messages(ast.parse(source))
            if OPTION.search(constant.value)
        }
    )


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_message_of_the_library_names_an_option(path):
    """A person who calls a function has no ``--seconds``."""
    assert options(path.read_text(encoding="utf-8")) == []


def test_an_option_in_a_message_is_seen():
    """In an error that is raised or made, in an f-string, and in a log line; not in a docstring."""
    source = (
        'def f(x):\n    """See --help."""\n    raise InputError(f"--seconds is {x}")\n'
        'error = OutputError("give --out")\nlogger.info("with --resume")\nargs = ["--quiet"]\n'
    )

    assert options(source) == [3, 4, 5]
