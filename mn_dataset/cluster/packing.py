"""Pack a call for another process, with its large arrays apart: Dask hands each over once."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np

_LARGE = 2**20  # bytes; the size from which joblib shares an array between local processes


class _Pickler(pickle.Pickler):
    """Leave large arrays out, and collect them."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=pickle.HIGHEST_PROTOCOL)
        self.arrays: list[Any] = []

    def persistent_id(self, item: object) -> int | None:
        if not isinstance(item, np.ndarray) or item.nbytes < _LARGE:
            return None
        self.arrays.append(item)
        return len(self.arrays) - 1


class _Unpickler(pickle.Unpickler):
    """Put the arrays in again."""

    def __init__(self, file: io.BytesIO, arrays: tuple[Any, ...]) -> None:
        super().__init__(file)
        self.arrays = arrays

    def persistent_load(self, number: int) -> Any:
        return self.arrays[number]


def packed(function: Callable[..., Any], piece: tuple[object, ...]) -> tuple[object, ...]:
    """Return a call as bytes, and the large arrays among its arguments.

    The bytes are part of the task that the scheduler holds, and outlive a worker; an array is held
    by the workers that it was handed to.

    >>> called(*packed(max, (1, 2)))
    2
    """
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump((function, piece))
    return file.getvalue(), *pickler.arrays


def called(content: bytes, *arrays: Any) -> Any:
    """Call what was packed, and return the answer."""
    function, piece = _Unpickler(io.BytesIO(content), arrays).load()
    return function(*piece)
