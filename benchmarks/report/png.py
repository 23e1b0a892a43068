"""Write small PNG pictures of levels with the standard library alone."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Levels = NDArray[np.uint8]
Palette = NDArray[np.uint8]
"""Colours, shape (levels, 3): red, green, blue."""

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BITS, _INDEXED = 8, 3


def png(levels: Levels, palette: Palette) -> bytes:
    r"""Return an indexed-colour PNG (W3C PNG specification, colour type 3).

    Args:
        levels: Places in the palette, shape (rows, columns), the upper row first.
        palette: At most 256 colours.

    >>> png(np.zeros((2, 3), np.uint8), np.zeros((1, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    rows, columns = levels.shape
    header = struct.pack(">IIBBBBB", columns, rows, _EIGHT_BITS, _INDEXED, 0, 0, 0)
    # Each row begins with its filter: none, which is best for indexed colours.
    lines = np.concatenate([np.zeros((rows, 1), np.uint8), levels], axis=1)
    return (
        _SIGNATURE
        + _chunk(b"IHDR", header)
        + _chunk(b"PLTE", palette.astype(np.uint8).tobytes())
        + _chunk(b"IDAT", zlib.compress(lines.tobytes(), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
