"""Number types that networks are run in, and whether a device is faster in bfloat16."""

from __future__ import annotations

import time
from functools import cache

import torch

from mn_dataset.errors import UnknownName

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""The types that networks are run in, by name."""

_SIZE, _ROUNDS = 512, 4  # some milliseconds
_WORTH = 1.2  # less is no reason to lose digits


def number_type(name: str) -> torch.dtype:
    """Return torch's type by its name.

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

    A CPU with AMX does. One with AVX512_BF16 may: measured were 2.9 times as fast (AMD Zen 4) and
    half as fast (Intel Sapphire Rapids with AMX switched off), so it is timed. Without either torch
    imitates the type, and takes longer than in float32.
    """
    if torch.device(device).type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if _cpu_has("_is_amx_tile_supported"):
        return True
    return _cpu_has("_is_avx512_bf16_supported") and _gain() > _WORTH


def _cpu_has(name: str) -> bool:
    """Tell whether torch knows of a feature of the processor; old versions cannot tell."""
    query = getattr(torch.cpu, name, None)
    return bool(query and query())


@cache
def _gain() -> float:
    """Return how many times as fast this processor multiplies two matrices in bfloat16."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # several wait for each other, and waiting is counted
    try:
        wide, narrow = (_seconds(kind) for kind in (torch.float32, torch.bfloat16))
    finally:
        torch.set_num_threads(threads)
    return wide / narrow


def _seconds(kind: torch.dtype) -> float:
    """Return the shortest of a few processor times of a product; the first one also warms up."""
    factor = torch.ones(_SIZE, _SIZE, dtype=kind)
    times = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        torch.mm(factor, factor)
        times.append(time.process_time() - began)
    return max(min(times), 1e-9)
