"""Read JSON that comes from anywhere: no NaN, no endless nesting, and of the shape expected.

A shape is a type, or ``None`` for null; a tuple of alternatives; a list of one shape, that of its
items; or a mapping of names to shapes, "name?" for one that may be absent and "*" for all others.
Numbers are ``float``, which whole ones are too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mn_dataset.errors import InputError

MAX_BYTES = 2**28
"""Of a file of JSON; a larger one is none of ours."""

_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def parse(text: str, *, undefined: bool = False) -> Any:
    """Return the value of a text.

    Args:
        text: JSON.
        undefined: Whether a number may be NaN or infinite, as Python writes them.

    Raises:
        ValueError: if it is no JSON, holds such a number, or is nested too deeply.

    >>> parse('{"a": [1, null]}')
    {'a': [1, None]}
    """
    try:
        if undefined:
            return json.loads(text)
        return json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def read_json(path: Path, *, cure: str, error: type[InputError] = InputError) -> Any:
    """Return the value of a file.

    Args:
        path: The file, in UTF-8.
        cure: What to do when it cannot be read.
        error: What is raised then.

    Raises:
        InputError: as ``error``, if it cannot be read or is no JSON.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise error(f"{path}: {size} bytes; expected at most {MAX_BYTES}; {cure}")
        return parse(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise error(f"{path}: cannot be read ({fault.strerror}); {cure}") from fault
    except ValueError as fault:
        raise error(f"{path}: not JSON ({fault}); {cure}") from fault


def misfit(value: Any, shape: Any, *, name: str = "") -> str | None:
    """Return what is wrong with a value that has not the shape expected, or None.

    Args:
        value: As ``parse`` gives it.
        shape: What is expected.
        name: Of the value, for the message.

    >>> misfit({"a": [1, "x"]}, {"a": [int], "b?": str})
    "'a.1' is 'x'; expected a whole number"
    >>> misfit({}, {"a": (int, None)})
    "lacks 'a'"
    """
    return next(_misfits(value, shape, name), None)


def _misfits(value: Any, shape: Any, name: str) -> Iterator[str]:
    if isinstance(shape, tuple):
        faults = [fault for one in shape if (fault := misfit(value, one, name=name))]
        if len(faults) == len(shape):
            yield faults[0]
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{name!r} is {_short(value)}; expected a list"
            return
        for number, item in enumerate(value):
            yield from _misfits(item, shape[0], f"{name}.{number}".lstrip("."))
    elif isinstance(shape, Mapping):
        yield from _table_misfits(value, shape, name)
    elif shape is not Any and not _is_a(value, shape):
        yield f"{name!r} is {_short(value)}; expected {_WORDS.get(shape, 'nothing')}"


def _table_misfits(value: Any, shape: Mapping[str, Any], name: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{name!r} is {_short(value)}; expected names with values"
        return
    prefix = f"{name}." if name else ""
    for key, one in shape.items():
        plain = key.removesuffix("?")
        if key == "*":
            for further in value:
                yield from _misfits(value[further], one, f"{prefix}{further}")
        elif plain in value:
            yield from _misfits(value[plain], one, f"{prefix}{plain}")
        elif not key.endswith("?"):
            yield f"lacks {prefix + plain!r}"


def _is_a(value: Any, kind: Any) -> bool:
    if kind is None:
        return value is None
    if isinstance(value, bool):
        return kind is bool
    if kind is float:
        return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return isinstance(value, kind)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _no_number(word: str) -> Any:
    raise ValueError(f"it holds {word}, which is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"it holds {digits}, which no number of 64 bits is")
    return number
