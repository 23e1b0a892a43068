"""Choose the type of numbers in which a denoiser computes."""

from __future__ import annotations

from benchmarks.contract import DenoiserSpec
from mn_dataset.errors import InputError, UnknownName

PRECISIONS = ("float32", "bfloat16", "auto")


def chosen(precision: str, *, spec: DenoiserSpec, device: str) -> str:
    """Return "float32" or "bfloat16".

    Args:
        precision: One of these, or "auto" for the faster one on the device.
        spec: What the denoiser declares; only a learned one in torch has a choice.
        device: Where it runs.

    Raises:
        UnknownName: with the nearest name.
        InputError: if bfloat16 is asked of a denoiser that has no choice.

    >>> chosen("auto", spec=DenoiserSpec(name="wiener"), device="cpu")
    'float32'
    """
    if precision not in PRECISIONS:
        raise UnknownName("precision", precision, PRECISIONS)
    if not (spec.learned and spec.backend == "torch"):
        if precision == "bfloat16":
            raise InputError(
                f"--precision is bfloat16, and {spec.name!r} is no model that could compute in it; "
                "leave the option out"
            )
        return "float32"
    if precision != "auto":
        return precision
    from benchmarks.layers.precision import is_bfloat16_fast  # noqa: PLC0415 - torch is an extra

    return "bfloat16" if is_bfloat16_fast(device) else "float32"
