"""Robust PCA: what repeats is of low rank, the voice is sparse.

Huang, Chen, Smaragdis and Hasegawa-Johnson, "Singing-voice separation from monaural recordings
using robust principal component analysis", ICASSP 2012; the sum is solved by the inexact augmented
Lagrange multipliers of Lin, Chen and Ma, arXiv:1009.5055, algorithm 5.

Departures: frames are our transform's of 46 ms, for 64 ms at 16 kHz; the mask is the ratio of the
parts' powers, for a binary one, and leaves what lies below 100 Hz to the accompaniment (without
either 0.4 and 5 dB less on songs with a loud bass drum); the splitting ends at a residual of 1e-3,
for 1e-7, from where the estimates change by less than 0.01 dB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.stft import Gain, Power, ratio_mask
from benchmarks.signal.voice import voice_of, with_accompaniment

Matrix = NDArray[np.float32]

_GROWTH = 1.5  # of the penalty in every step, as in Lin, Chen and Ma's program
_MOST_STEPS = 100


@dataclass(frozen=True)
class Rpca:
    """A mask of the sparse part, by the magnitude of each channel.

    Attributes:
        sparsity: Factor of the weight of the sparse part, which is ``1 / sqrt(max(frames, bins))``
            (the paper's k).
        gain: How many times the low rank part a bin of the voice is, for a binary mask (1 in the
            paper); None for the ratio of powers.
    """

    sparsity: float = 1.0
    gain: float | None = None

    spec = DenoiserSpec(
        name="rpca",
        task="separate",
        chunk=30 * 44_100,
        overlap=44_100,
        citation="Huang, Chen, Smaragdis and Hasegawa-Johnson, ICASSP 2012, "
        "doi:10.1109/ICASSP.2012.6287816",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return voice and accompaniment, shape (batch, 2, channels, time)."""
        del side
        return with_accompaniment(voice_of(batch, sampling_rate, self._mask), batch)

    def _mask(self, power: Power) -> Gain:
        low_rank, sparse = robust_pca(np.sqrt(power), sparsity=self.sparsity)
        if self.gain is None:
            return ratio_mask(np.square(sparse), np.square(low_rank), exponent=1.0)
        mask: Gain = (np.abs(sparse) > self.gain * np.abs(low_rank)).astype(np.float32)
        return mask


def robust_pca(
    matrix: Matrix, *, sparsity: float = 1.0, tolerance: float = 1e-3
) -> tuple[Matrix, Matrix]:
    """Split a matrix into one of low rank and a sparse one.

    They minimise the sum of the singular values of the one and the weighted sum of the magnitudes
    of the other.

    Args:
        matrix: float32, shape (rows, columns).
        sparsity: Factor of the weight, which is ``1 / sqrt(max(rows, columns))``.
        tolerance: Norm of what neither holds, of the matrix's, at which it ends.

    Returns:
        The low rank and the sparse part, of the matrix's shape.
    """
    low_rank, sparse = np.zeros_like(matrix), np.zeros_like(matrix)
    norm = float(np.linalg.norm(matrix))
    if norm == 0:
        return low_rank, sparse
    weight = sparsity / math.sqrt(max(matrix.shape))
    largest = math.sqrt(float(np.linalg.eigvalsh(_gram(matrix))[-1]))
    multiplier = matrix / np.float32(max(largest, float(np.abs(matrix).max()) / weight))
    penalty = 1.25 / largest
    for _ in range(_MOST_STEPS):
        offset = multiplier / np.float32(penalty)
        sparse = _shrunk(matrix - low_rank + offset, weight / penalty)
        low_rank = shrunk_rank(matrix - sparse + offset, 1.0 / penalty)
        residual = matrix - low_rank - sparse
        multiplier += np.float32(penalty) * residual
        penalty *= _GROWTH
        if float(np.linalg.norm(residual)) <= tolerance * norm:
            break
    return low_rank, sparse


def shrunk_rank(matrix: Matrix, threshold: float) -> Matrix:
    """Return the matrix with its singular values less a threshold, and none below 0.

    Only the vectors of the values above the threshold are computed, from the smaller of the two
    products of the matrix with itself: no value is lost that a full decomposition would keep.
    """
    if matrix.shape[0] < matrix.shape[1]:
        return shrunk_rank(matrix.T, threshold).T
    squares, vectors = scipy.linalg.eigh(_gram(matrix), subset_by_value=(threshold**2, np.inf))
    values = np.sqrt(squares)
    kept = vectors.astype(np.float32)
    shares = ((values - threshold) / values).astype(np.float32)
    shrunk: Matrix = (matrix @ (kept * shares)) @ kept.T
    return shrunk


def _shrunk(matrix: Matrix, threshold: float) -> Matrix:
    shrunk: Matrix = np.sign(matrix) * np.maximum(np.abs(matrix) - np.float32(threshold), 0)
    return shrunk


def _gram(matrix: Matrix) -> NDArray[np.float64]:
    """Return the smaller product of a matrix with itself; a square root needs float64's digits."""
    small = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    gram: NDArray[np.float64] = (small.T @ small).astype(np.float64)
    return gram
