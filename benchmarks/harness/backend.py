"""Call a denoiser with the kind of array it asks for, on a device, in a precision.

The one module of the harness that knows torch.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.contract import Batch, Denoiser, DenoiserSpec, Side
from mn_dataset.errors import InputError, MissingExtra, UnknownName

PRECISIONS = ("float32", "bfloat16", "auto")


def choose_precision(precision: str, *, spec: DenoiserSpec, device: str) -> str:
    """Return the precision that a denoiser computes in, "float32" or "bfloat16".

    Args:
        precision: One of these, or "auto" for the faster one on the device.
        spec: What the denoiser declares; only a learned one in torch has a choice.
        device: Where it runs.

    Raises:
        UnknownName: with the nearest name.
        InputError: if bfloat16 is asked of a denoiser that has no choice.

    >>> choose_precision("auto", spec=DenoiserSpec(name="wiener"), device="cpu")
    'float32'
    """
    if precision not in PRECISIONS:
        raise UnknownName("precision", precision, PRECISIONS)
    if not (spec.learned and spec.backend == "torch"):
        if precision == "bfloat16":
            raise InputError(
                f"precision is 'bfloat16', and {spec.name!r} is no model that could compute in it; "
                "expected 'float32'"
            )
        return "float32"
    if precision != "auto":
        return precision
    from benchmarks.layers.precision import is_bfloat16_fast  # noqa: PLC0415 - torch is an extra

    return "bfloat16" if is_bfloat16_fast(device) else "float32"


def call(denoiser: Denoiser, batch: Batch, sampling_rate: int, *, side: Side, device: str) -> Any:
    """Call the denoiser with arrays, or with tensors on the device, and return an array.

    A denoiser that needs no side information is handed None.

    Raises:
        MissingExtra: if it wants torch and torch is not installed.
    """
    if denoiser.spec.backend == "numpy":
        return denoiser(batch, sampling_rate, side=side or None)
    torch = _torch()
    tensors = {name: torch.from_numpy(signal).to(device) for name, signal in side.items()}
    with torch.inference_mode():
        estimate = denoiser(torch.from_numpy(batch).to(device), sampling_rate, side=tensors or None)
    if not isinstance(estimate, torch.Tensor):
        return estimate
    if estimate.dtype == torch.bfloat16:  # numpy has no such type
        estimate = estimate.float()
    array: np.ndarray[Any, Any] = estimate.detach().cpu().numpy()
    return array


def _torch() -> Any:
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise MissingExtra("torch", extra="torch") from error


def check_device(device: str) -> None:
    """Refuse a device that tensors cannot go to here.

    Raises:
        InputError: if it is neither "cpu" nor a CUDA device that is present.
        MissingExtra: if it needs torch and torch is not installed.
    """
    if device == "cpu":
        return
    if device.split(":", maxsplit=1)[0] != "cuda":
        raise InputError(f"device is {device!r}; expected cpu, cuda or cuda:N")
    if not _torch().cuda.is_available():
        raise InputError(f"device is {device!r}, and no CUDA device is here; use cpu")
