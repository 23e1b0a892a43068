"""Project a batch of estimates on their references and the delays of those, in float64 tensors.

The systems are those of ``metrics.sdr`` and ``metrics.sir_sar``. Levinson's recursion
is serial, and batched LU hangs in some builds of the linear algebra libraries; so all systems of a
batch are factored by one batched Cholesky, and the answers refined once.

To correlate, a signal is cut into blocks, and what it is correlated with into windows that begin
where the blocks do and end 511 samples later, so that no lag wraps. The spectra of all blocks are
summed before the one way back.

An energy found so is as good as its system is well conditioned, and comes with its doubt. With
taps h, references of energy |s|² and an estimate y, rounding moves the correlations by some ε·|s|²
and ε·|s|·|y|, and the energy |P·y|² by some ε·(Σ |s|·|h| + |y|)²; what is left of the system,
ρ = b − T·h, moves it by no more than |h|·|ρ|.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.metrics.correlation import LAGS
from benchmarks.metrics.sdr import FITS

WINDOW = 8192
AT_ONCE = 64
"""Windows of a signal that are transformed at once: eleven seconds at 44.1 kHz."""

_REACH = LAGS - 1
_BLOCK = WINDOW - _REACH

# A transform's rounding, at 512 lags that add up. Measured on the tests' adversarial pairs: the
# doubt is 4 … 300 times the difference from the metrics one by one, and above that from QR.
_ROUNDING = 32 * torch.finfo(torch.float64).eps


class Projected(NamedTuple):
    """What a batch of projections holds.

    Attributes:
        energy: |P·y|², shape (batch,).
        doubt: By how much it may be wrong, shape (batch,); NaN where the system has no answer.
    """

    energy: Tensor
    doubt: Tensor


def project(estimates: Tensor, references: Tensor) -> list[Projected]:
    """Project on the first reference, and where there are more, on all of them together.

    Args:
        estimates: float64, shape (batch, time).
        references: float64, shape (batch, references, time).
    """
    count = references.shape[1]
    lags = correlate(references, torch.cat((references, estimates[:, None]), 1))
    system, correlation = _gram(lags[:, :, :count]), lags[:, :, count].flatten(1)
    loudness = estimates.norm(dim=1)
    return [
        _solve(system[:, :size, :size], correlation[:, :size], loudness)
        for size in sorted({LAGS, count * LAGS})
    ]


def correlate(left: Tensor, right: Tensor) -> Tensor:
    """Return Σ left[t]·right[t + k] for k = 0 … 511, shape (batch, lefts, rights, 512).

    Args:
        left: float64, shape (batch, lefts, time).
        right: float64, shape (batch, rights, time).

    >>> left, right = torch.tensor([[[1.0, 2.0, 0.0]]]), torch.tensor([[[0.0, 1.0, 3.0]]])
    >>> correlate(left.double(), right.double())[0, 0, 0, :3].round(decimals=9)
    tensor([2., 7., 3.], dtype=torch.float64)
    """
    time = left.shape[-1]
    count = -(-time // _BLOCK)
    padded = functional.pad(left, (0, count * _BLOCK - time))
    blocks = padded.reshape(*left.shape[:2], count, _BLOCK)
    windows = functional.pad(right, (0, count * _BLOCK + _REACH - time)).unfold(-1, WINDOW, _BLOCK)
    shape = (*left.shape[:2], right.shape[1], WINDOW // 2 + 1)
    spectra = torch.zeros(shape, dtype=torch.complex128, device=left.device)
    for first in range(0, count, AT_ONCE):
        ours = torch.fft.rfft(blocks[:, :, first : first + AT_ONCE], WINDOW).conj()
        theirs = torch.fft.rfft(windows[:, :, first : first + AT_ONCE])
        for one, other in product(range(left.shape[1]), range(right.shape[1])):
            spectra[:, one, other] += (ours[:, one] * theirs[:, other]).sum(1)
    lags: Tensor = torch.fft.irfft(spectra, WINDOW)[..., :LAGS]
    return lags


def bytes_per_pair(time: int, references: int) -> int:
    """Return about how much memory ``project`` takes per pair, for signals of ``time`` samples."""
    signals = 2 * references + 1
    numbers = 3 * signals * time + 4 * signals * min(time, AT_ONCE * WINDOW)
    return 8 * (numbers + 5 * (references * LAGS) ** 2)


def _gram(lags: Tensor) -> Tensor:
    """Return the inner products of all delayed references, shape (batch, n·512, n·512).

    Args:
        lags: Correlations of the n references with each other, shape (batch, n, n, 512).
    """
    both_ways = torch.cat((lags.transpose(1, 2)[..., 1:].flip(-1), lags), -1)
    toeplitz = both_ways.unfold(-1, LAGS, 1).flip(-1)  # row i, column j: lag i − j
    return toeplitz.transpose(2, 3).flatten(1, 2).flatten(2)


def _solve(system: Tensor, correlation: Tensor, loudness: Tensor) -> Projected:
    factor, failed = torch.linalg.cholesky_ex(system)
    right = correlation[..., None]
    taps = _substitute(factor, right)
    taps = taps + _substitute(factor, right - system @ taps)
    misfit = (right - system @ taps).norm(dim=(1, 2))
    levels = system.diagonal(dim1=1, dim2=2)[:, ::LAGS].sqrt()
    sizes = taps.reshape(len(taps), -1, LAGS).norm(dim=2)
    rounded = _ROUNDING * ((levels * sizes).sum(1) + loudness).square()
    doubt = rounded + misfit * taps.norm(dim=(1, 2))
    answered = (failed == 0) & (misfit <= FITS * correlation.norm(dim=1))
    return Projected((taps * right).sum((1, 2)), doubt.where(answered, torch.nan))


def _substitute(factor: Tensor, right: Tensor) -> Tensor:
    # torch.cholesky_solve takes twenty times as long on a CPU.
    halfway = torch.linalg.solve_triangular(factor, right, upper=False)
    solution: Tensor = torch.linalg.solve_triangular(factor.mT, halfway, upper=True)
    return solution
