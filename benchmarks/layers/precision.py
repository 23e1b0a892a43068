"""Say in which type of numbers a network is best run on a device."""

from __future__ import annotations

import torch

from mn_dataset.errors import UnknownName

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""The types that networks are run in, by name."""


def number_type(name: str) -> torch.dtype:
    """Return the type of a name.

    Raises:
        UnknownName: with the nearest names.

    >>> number_type("bfloat16")
    torch.bfloat16
    """
    if name not in PRECISIONS:
        raise UnknownName("precision", name, PRECISIONS)
    return PRECISIONS[name]


def is_bfloat16_fast(device: str) -> bool:
    """Return whether a device multiplies bfloat16 numbers faster than float32 ones.

    A CPU does with the instructions AMX or AVX512_BF16; without them torch imitates the type, and
    takes longer than in float32.
    """
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return any(_cpu_has(name) for name in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"))


def _cpu_has(name: str) -> bool:
    """Ask torch, where its version can be asked."""
    question = getattr(torch.cpu, name, None)
    return bool(question and question())
