"""Check what a caller hands over, before a denoiser can be blamed for it."""

from __future__ import annotations

import numbers
from typing import Any

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side
from mn_dataset.errors import InputError

PROFILE = "noise_profile"
"""The one kind of side information that has a length of its own."""


def check_batch(batch: Any, sampling_rate: Any) -> None:
    """Refuse anything but finite float32 audio of at least one sample at a whole rate in Hz.

    Raises:
        InputError: with what was found.
    """
    _check_audio("batch", batch)
    if not isinstance(sampling_rate, numbers.Integral) or sampling_rate < 1:
        raise InputError(f"sampling_rate is {sampling_rate!r}; expected a whole number of Hz")


def picked(side: Side | None, *, spec: DenoiserSpec, shape: tuple[int, ...]) -> dict[str, Batch]:
    """Return exactly the side information the spec asks for.

    Every layer has the batch's shape; a noise profile may have another length.

    Raises:
        InputError: if one is missing or of another shape.
    """
    given = side or {}
    absent = sorted(spec.needs - given.keys())
    if absent:
        raise InputError(
            f"denoiser {spec.name!r} needs {', '.join(absent)} in 'side'; found "
            f"{', '.join(sorted(given)) or 'nothing'}. It cannot run on a mixture alone."
        )
    layers = {name: given[name] for name in sorted(spec.needs)}
    for name, layer in layers.items():
        _check_audio(f"side[{name!r}]", layer)
        if layer.shape[:-1] != shape[:-1] or (name != PROFILE and layer.shape != shape):
            raise InputError(f"side[{name!r}] has shape {layer.shape}; expected {shape}")
    return layers


def _check_audio(what: str, audio: Any) -> None:
    if not isinstance(audio, np.ndarray):
        raise InputError(f"{what} is {type(audio).__name__}; expected a float32 numpy array")
    if audio.dtype != np.float32:
        raise InputError(f"{what} is {audio.dtype}; expected float32, nominally in [-1, 1]")
    if audio.ndim != 3 or audio.size == 0:
        raise InputError(
            f"{what} has shape {audio.shape}; expected (batch, channels, time), none of them 0"
        )
    if not np.isfinite(audio).all():
        raise InputError(f"{what} holds NaN or infinity; expected finite samples")
