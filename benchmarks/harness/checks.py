"""Check what a denoiser is handed and what it returns, and turn its faults into one error.

A caller's mistake is told before a denoiser can be blamed for it.
"""

from __future__ import annotations

import numbers
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side
from mn_dataset.errors import InputError, MissingExtra, MnError


class DenoiserFailed(MnError):
    """A denoiser raised, exited, or broke its contract.

    Attributes:
        denoiser: Its name.
        reason: What it did: "raised …", "exited …", "returned …".
        kind: The typed reason of its scores, one of ``benchmarks.contract.REASONS``.

    >>> str(DenoiserFailed("half", "returned shape (1, 1, 9), expected (1, 1, 10)"))
    "denoiser 'half' returned shape (1, 1, 9), expected (1, 1, 10)"
    """

    def __init__(self, denoiser: str, reason: str, kind: str = "denoiser_failed") -> None:
        self.denoiser, self.reason, self.kind = denoiser, reason, kind
        super().__init__(f"denoiser {denoiser!r} {reason}")

    def __reduce__(self) -> tuple[type[DenoiserFailed], tuple[str, str, str]]:
        """Rebuild from the arguments, so that worker processes can raise it."""
        return type(self), (self.denoiser, self.reason, self.kind)


@contextmanager
def importing(name: str) -> Iterator[None]:
    """Guard the import, construction and loading of a denoiser; what the user mistyped passes.

    Raises:
        DenoiserFailed: for any other exception and for ``SystemExit``.
    """
    with _guarded(name, (InputError,)):
        yield


@contextmanager
def running(name: str) -> Iterator[None]:
    """Guard the call of a denoiser; only a missing package passes.

    Raises:
        DenoiserFailed: for any other exception and for ``SystemExit``.
    """
    with _guarded(name, (MissingExtra,)):
        yield


@contextmanager
def _guarded(name: str, passing: tuple[type[Exception], ...]) -> Iterator[None]:
    try:
        # What a denoiser prints must not mix with what a command answers.
        with redirect_stdout(sys.stderr):
            yield
    except passing:
        raise
    except SystemExit as error:
        raise DenoiserFailed(name, f"exited with {error.code!r}", "exited") from error
    except Exception as error:
        reason = f"raised {type(error).__name__}: {error}".rstrip(": ")
        kind = "timed_out" if isinstance(error, TimeoutError) else "raised"
        raise DenoiserFailed(name, reason, kind) from error


def checked(estimate: Any, *, name: str, shape: tuple[int, ...]) -> Batch:
    """Return the estimate as float32, or say how it breaks the contract.

    Any real floating type is taken; integers are not, for their scale is unknown.

    Raises:
        DenoiserFailed: if it is no array of that shape, is not floating, or holds NaN or
            infinity.
    """
    if not isinstance(estimate, np.ndarray):
        raise DenoiserFailed(name, f"returned {type(estimate).__name__}, expected an array")
    if estimate.shape != shape:
        reason = f"returned shape {estimate.shape}, expected {shape}"
        raise DenoiserFailed(name, reason, "wrong_shape")
    if not np.issubdtype(estimate.dtype, np.floating):
        raise DenoiserFailed(name, f"returned {estimate.dtype}, expected float32")
    if not np.isfinite(estimate).all():
        value = "NaN" if np.isnan(estimate).any() else "infinity"
        raise DenoiserFailed(name, f"returned {value}, expected finite samples", "non_finite")
    with np.errstate(over="ignore"):
        samples = estimate.astype(np.float32)
    if not np.isfinite(samples).all():
        raise DenoiserFailed(name, "returned values beyond float32, expected audio near [-1, 1]")
    return samples


PROFILE = "noise_profile"
"""The one kind of side information that has a length of its own."""

_WAVE = ("channels", "time")


def check_batch(batch: Any, sampling_rate: Any, *, has_inputs: bool = False) -> None:
    """Refuse anything but finite float32 audio of at least one sample at a whole rate in Hz.

    Args:
        batch: What is to be (batch, channels, time).
        sampling_rate: In Hz.
        has_inputs: Whether there is an axis of inputs after the first.

    Raises:
        InputError: with what was found.
    """
    _check_audio("batch", batch, ("batch", *(["inputs"] if has_inputs else []), *_WAVE))
    if not isinstance(sampling_rate, numbers.Integral) or sampling_rate < 1:
        raise InputError(f"sampling_rate is {sampling_rate!r}; expected a whole number of Hz")


def picked(side: Side | None, *, spec: DenoiserSpec, shape: tuple[int, ...]) -> dict[str, Batch]:
    """Return exactly the side information the spec asks for.

    It has the batch's shape but for an axis of inputs or targets after the first; a noise profile
    may have another length.

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
        axes = ("batch", "targets", *_WAVE) if np.ndim(layer) == 4 else ("batch", *_WAVE)
        _check_audio(f"side[{name!r}]", layer, axes)
        found, expected = ((size[0], *size[-2:]) for size in (layer.shape, shape))
        if found[:-1] != expected[:-1] or (name != PROFILE and found != expected):
            raise InputError(f"side[{name!r}] has shape {layer.shape}; expected {shape}")
    return layers


def _check_audio(what: str, audio: Any, axes: tuple[str, ...]) -> None:
    if not isinstance(audio, np.ndarray):
        raise InputError(f"{what} is {type(audio).__name__}; expected a float32 numpy array")
    if audio.dtype != np.float32:
        raise InputError(f"{what} is {audio.dtype}; expected float32, nominally in [-1, 1]")
    if audio.ndim != len(axes) or audio.size == 0:
        raise InputError(
            f"{what} has shape {audio.shape}; expected ({', '.join(axes)}), none of them 0"
        )
    if not np.isfinite(audio).all():
        raise InputError(f"{what} holds NaN or infinity; expected finite samples")
