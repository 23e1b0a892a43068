"""Widths of a network's layers, scaled from those of an original, and shares between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mn_dataset.errors import InputError


def scaled(name: str, widths: Sequence[float], factor: float) -> list[int]:
    """Return widths times a factor, rounded, and at least 1.

    Args:
        name: Of the model, for the message.
        widths: Whole numbers of 1 or more.
        factor: Above 0.

    Raises:
        InputError: if they are not.

    >>> scaled("f_unet", (16, 32), 0.25)
    [4, 8]
    """
    whole = bool(widths) and all(width == int(width) >= 1 for width in widths)
    if not whole or not 0 < factor < math.inf:
        raise InputError(
            f"{name}: widths {list(widths)} times {factor}; expected whole widths of 1 or more, "
            "and a factor above 0"
        )
    return [max(1, round(width * factor)) for width in widths]


def check_share(name: str, keyword: str, share: float) -> None:
    """Refuse a share that is not from 0 to below 1.

    Args:
        name: Of the model, for the message.
        keyword: What the share is called.
        share: To check.

    Raises:
        InputError: naming the keyword.
    """
    if not 0 <= share < 1:
        raise InputError(f"{name}: {keyword} is {share}; expected 0 or more, below 1")
