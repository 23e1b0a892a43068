"""Undo instantaneous bleed, told nothing: sources differ in when and at what pitch they sound.

Microphones hear ``X = A S``, with ``A_ii = 1`` and ``0 <= A_ij <= highest``. In a short time and a
narrow band b the microphones' covariance is ``C_b = A D_b Aᵀ`` if sources are uncorrelated there,
with a diagonal ``D_b`` that differs from b to b, as music does. The A of greatest likelihood, of
Gaussian sources whose powers are free in every b, minimises

    Σ_b n_b Σ_s log [W C_b Wᵀ]_ss - 2 N log |det W|,  W = A⁻¹

(Pham and Cardoso, "Blind separation of instantaneous mixtures of nonstationary sources", IEEE TSP
49(9), 2001). Given it, ``S = A⁻¹ X`` leaves nothing of the least squares. Where sources are
delayed or come through a room there is no such A, and what is returned is wrong.

Departures: the covariances are of bands too, as a voice and a bass that start together still differ
there; the minimum is found by iterative projection, as AuxIVA's is (Ono, WASPAA 2011), for a
rotation of every pair; permutation and scale are settled by which microphone is close to what; and
where the minimum is beyond the bounds, that within them is sought from the nearest matrix (by
L-BFGS-B, which from ``A = I`` stays far from it where there are eight microphones and more).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import scipy.optimize

from benchmarks.classical.least_squares import HIGHEST, INSTANTANEOUS, Matrix
from benchmarks.contract import Batch, DenoiserSpec, Side
from benchmarks.signal.hard_mask import hard_masked
from benchmarks.signal.stft import stft_at

_SEGMENT_S = 0.1
_BANDS = 48
_MOST_NUMBERS = 1 << 22  # in all covariances: 32 MiB, which some minutes of a few tracks have
_FAINTEST = 1e-9  # power of a covariance, of the loudest: what is below is rounding
_LOADING = 1e-6  # on the diagonal, of a microphone's mean power in a covariance: -60 dB
_PROJECTIONS = 20
_MOST_STEPS = 200
_SINGULAR = 1e6  # above what any matrix of use has


@dataclass
class LeastSquaresBlind:
    """Instantaneous bleed, undone by what tells sources apart.

    Attributes:
        highest: The most that a source is in another microphone, of what it is in its own.
        matrix: After a call the estimates of A, shape (batch, microphones, sources).
    """

    highest: float = HIGHEST
    matrix: Matrix | None = field(default=None, init=False, compare=False)

    spec = DenoiserSpec(
        name="least_squares_blind",
        task="debleed",
        channels=1,
        assumes=INSTANTANEOUS,
        citation="Pham and Cardoso, IEEE TSP 49(9) 2001, doi:10.1109/78.942614",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the sources, shape (batch, microphones, 1, time)."""
        del side
        matrices = [
            mixing_matrix(*local_covariances(item[:, 0], sampling_rate), highest=self.highest)
            for item in batch
        ]
        self.matrix = np.stack(matrices)
        unmixing = [np.linalg.inv(matrix).astype(np.float32) for matrix in matrices]
        sources = [weights @ item[:, 0] for weights, item in zip(unmixing, batch, strict=True)]
        return np.stack(sources)[:, :, np.newaxis]


@dataclass
class LeastSquaresBlindHardMask(LeastSquaresBlind):
    """The same, and after it the hard mask, as its program puts it after every debleeder."""

    spec = DenoiserSpec(
        name="least_squares_blind_hard_mask",
        task="debleed",
        channels=1,
        assumes=INSTANTANEOUS,
        citation="its-rajesh, Audio-Bleeding-Removal (softmask), "
        "https://github.com/its-rajesh/Audio-Bleeding-Removal",
    )

    def __call__(self, batch: Batch, sampling_rate: int, *, side: Side | None = None) -> Batch:
        """Return the sources, shape (batch, microphones, 1, time)."""
        estimates = super().__call__(batch, sampling_rate, side=side)
        for estimate, microphones in zip(estimates, batch, strict=True):
            estimate[:, 0] = hard_masked(estimate[:, 0], microphones[:, 0], sampling_rate)
        return estimates


def local_covariances(signals: Batch, sampling_rate: int) -> tuple[Matrix, Matrix]:
    """Return covariances of signals in short times and narrow bands.

    Of a long song as many times are taken as fit the memory, evenly spread over it.

    Args:
        signals: float32, shape (signals, time).
        sampling_rate: In Hz.

    Returns:
        The covariances, shape (covariances, signals, signals), each over its trace, and of how many
        bins each is. What is silent is left out.
    """
    stft = stft_at(sampling_rate)
    bins = stft.window_length // 2 + 1
    edges = np.unique(np.geomspace(1, bins, _BANDS + 1).round().astype(int))
    size = min(signals.shape[-1], max(1, round(_SEGMENT_S * sampling_rate)))
    bands = list(pairwise(edges.tolist()))
    most = max(1, _MOST_NUMBERS // (len(bands) * len(signals) ** 2))
    last = signals.shape[-1] - size
    starts = np.linspace(0, last, min(most, last // size + 1)).round().astype(int)
    products = np.empty((len(starts), len(bands), len(signals), len(signals)))
    for start, into in zip(starts, products, strict=True):
        spectrum = stft.forward(signals[:, start : start + size]).swapaxes(1, 2)
        parts = np.ascontiguousarray(spectrum, np.complex128).view(np.float64)
        for (first, end), product in zip(bands, into, strict=True):
            band = parts[:, first:end].reshape(len(signals), -1)
            product[...] = band @ band.T
    counts = np.tile(np.diff(edges).astype(np.float64), len(starts))
    covariances = products.reshape(-1, len(signals), len(signals))
    power = np.trace(covariances, axis1=1, axis2=2)
    sounds = power / counts > _FAINTEST * (power / counts).max(initial=0.0)
    return covariances[sounds] / power[sounds, np.newaxis, np.newaxis], counts[sounds]


def mixing_matrix(covariances: Matrix, counts: Matrix, *, highest: float = HIGHEST) -> Matrix:
    """Return the matrix of greatest likelihood, 1 on its diagonal.

    Args:
        covariances: Of the microphones, shape (covariances, microphones, microphones), each over
            its trace.
        counts: Of how many bins each is.
        highest: Bound off the diagonal; the other one is 0.
    """
    microphones = covariances.shape[-1]
    if not len(covariances) or microphones == 1:
        return np.eye(microphones)
    loaded = covariances + _LOADING / microphones * np.eye(microphones)
    shares = counts / counts.sum()
    free = _with_ones(np.linalg.inv(_projected(loaded, shares)).astype(np.float64))
    matrix = np.clip(free, 0.0, highest)
    np.fill_diagonal(matrix, 1.0)
    return free if np.array_equal(matrix, free) else _bounded(loaded, shares, matrix, highest)


def _projected(covariances: Matrix, shares: Matrix) -> Matrix:
    """Return the W that minimises the cost without bounds, by iterative projection (Ono)."""
    microphones = covariances.shape[-1]
    flat = covariances.reshape(len(covariances), -1)
    weights = np.eye(microphones)
    for _ in range(_PROJECTIONS):
        for source, unit in enumerate(np.eye(microphones)):
            powers = (covariances @ weights[source]) @ weights[source]
            weighted = ((shares / powers) @ flat).reshape(microphones, microphones)
            row = np.linalg.solve(weights @ weighted, unit)
            weights[source] = row / np.sqrt(row @ weighted @ row)
    return weights


def _with_ones(matrix: Matrix) -> Matrix:
    """Give every source the microphone of which it is most, and there the scale of 1."""
    size = np.abs(matrix)
    shares = size / size.sum(axis=0)
    _, own = scipy.optimize.linear_sum_assignment(shares, maximize=True)
    ordered = matrix[:, own]
    scaled: Matrix = ordered / np.diagonal(ordered)
    return scaled


def _bounded(covariances: Matrix, shares: Matrix, start: Matrix, highest: float) -> Matrix:
    """Return the matrix within bounds that minimises the cost, from a start within them."""
    matrix = start.copy()
    microphones = len(matrix)
    others = ~np.eye(microphones, dtype=bool)

    def cost(bleed: Matrix) -> tuple[float, Matrix]:
        matrix[others] = bleed
        sign, log_determinant = np.linalg.slogdet(matrix)
        if sign == 0:
            return _SINGULAR, np.zeros_like(bleed)
        weights = np.linalg.inv(matrix)
        crossed = weights @ covariances
        powers = np.einsum("bsm,sm->bs", crossed, weights)
        value = shares @ np.log(powers).sum(axis=1) + 2 * log_determinant
        # By the weights it is 2 (Σ_b share [W C_b]_sm / power_bs - W⁻ᵀ), and dW = -W dA W.
        by_weights = np.einsum("bs,bsm->sm", shares[:, np.newaxis] / powers, crossed)
        slope = 2 * weights.T @ (np.eye(microphones) - by_weights @ weights.T)
        return float(value), slope[others]

    found = scipy.optimize.minimize(
        cost,
        start[others],
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, highest)] * np.count_nonzero(others),
        options={"maxiter": _MOST_STEPS},
    )
    matrix[others] = found.x
    return matrix
