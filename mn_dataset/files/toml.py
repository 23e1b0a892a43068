"""Read TOML files, and name file and line of what is none."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from mn_dataset.errors import InputError

_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises:
        InputError: if the file cannot be read, or is not UTF-8 or not TOML, naming the line.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); expected a TOML file"
        ) from error
    try:
        return tomllib.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}:{line}: not TOML (not UTF-8); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}:{_line_and_fault(str(error), content)}; correct it") from error
    except RecursionError as error:
        raise InputError(f"{path}: not TOML (nested too deeply); correct it") from error
    except ValueError as error:  # a whole number of thousands of digits, a month 13
        raise InputError(f"{path}: not TOML ({error}); correct it") from error


def _line_and_fault(message: str, content: bytes) -> str:
    """Put the line first that tomllib names last; Python 3.14 has it in the error itself."""
    where = _WHERE.search(message)
    line = where[1] if where and where[1] else str(len(content.splitlines()) or 1)
    column = f", column {where[2]}" if where and where[2] else ""
    return f"{line}: not TOML ({_WHERE.sub('', message)}{column})"
