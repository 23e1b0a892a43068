"""Change the sampling rate of a batch, at the best quality of soxr."""

from __future__ import annotations

import numpy as np
import soxr

from benchmarks.contract import Batch


def resampled(batch: Batch, source_rate: int, target_rate: int) -> Batch:
    """Return the batch at another rate; the first sample stays at time zero.

    Args:
        batch: float32, shape (..., time).
        source_rate: In Hz.
        target_rate: In Hz.

    Returns:
        float32, shape (..., ceil(time * target_rate / source_rate)).

    >>> resampled(np.zeros((2, 1, 441), np.float32), 44_100, 16_000).shape
    (2, 1, 160)
    """
    if source_rate == target_rate:
        return batch
    num_samples = -(-batch.shape[-1] * target_rate // source_rate)
    # soxr rounds the length, and would drop the last sample of one clip in two.
    padded = fitted(batch, batch.shape[-1] + source_rate // target_rate + 1)
    columns = padded.reshape(-1, padded.shape[-1]).T
    converted = soxr.resample(columns, source_rate, target_rate, quality="VHQ").T
    exact = fitted(np.ascontiguousarray(converted), num_samples)
    return exact.reshape(*batch.shape[:-1], num_samples)


def fitted(batch: Batch, num_samples: int) -> Batch:
    """Cut the end, or pad it with silence, to exactly that many samples."""
    missing = max(0, num_samples - batch.shape[-1])
    padding = [(0, 0)] * (batch.ndim - 1) + [(0, missing)]
    cut: Batch = np.pad(batch[..., :num_samples], padding)
    return cut
