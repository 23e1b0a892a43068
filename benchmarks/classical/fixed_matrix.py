"""Undo one matrix of gains for all sessions: what can be had without listening to any.

The simulation of linear bleed draws gains of 0.05 to 0.31 beside an own one of 0.6 to 1, in the
mean 0.23 of the own. A system that learned from it and does no better has learned that number.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contract import Batch, DenoiserSpec, Side

_BLEED = 0.23


class FixedMatrix:
    """The inverse of the matrix of ones on the diagonal and ``_BLEED`` beside it."""

    spec = DenoiserSpec(
        name="fixed_matrix",
        task="debleed",
        reference=True,
        assumes="instantaneous mixing at the simulation's mean gains",
        citation="the M&N toolkit",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the estimates of sessions (batch, microphones, channels, time)."""
        del sampling_rate, side
        microphones = batch.shape[1]
        matrix = np.full((microphones, microphones), _BLEED)
        np.fill_diagonal(matrix, 1.0)
        inverse = np.linalg.inv(matrix).astype(np.float32)
        estimate: Batch = np.einsum("sm,bmct->bsct", inverse, batch)
        return estimate * batch.any(axis=-1, keepdims=True)  # what is not plugged in stays silent
