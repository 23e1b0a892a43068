"""Hand channels to a denoiser for mono one by one, and put its estimates together again."""

from __future__ import annotations

import numpy as np

from benchmarks.contract import Batch


def as_mono(signal: Batch) -> Batch:
    """Make a mono item of every channel of (batch, …, channels, time)."""
    shape = (*mono_shape(signal.shape[:-1]), signal.shape[-1])
    return np.moveaxis(signal, -2, 1).reshape(shape)


def mono_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape (batch, …, channels) of a signal without its time after ``as_mono``.

    >>> mono_shape((2, 3, 2)), mono_shape((1, 2))
    ((4, 3, 1), (2, 1))
    """
    return (shape[0] * shape[-1], *shape[1:-1], 1)


def with_channels(signal: Batch, shape: tuple[int, ...]) -> Batch:
    """Undo ``as_mono`` for estimates of this shape; what was not split stays as it is."""
    if len(signal) == shape[0]:
        return signal.reshape(shape)
    by_channel = signal.reshape(shape[0], len(signal) // shape[0], *shape[1:-2], shape[-1])
    return np.moveaxis(by_channel, 1, -2)
