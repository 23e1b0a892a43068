"""Correlate a batch of signals at the first 512 lags, in float64 tensors.

A signal is cut into blocks; what it is correlated with is cut into windows that begin where the
blocks do and end 511 samples later, so that no lag wraps. The spectra of all blocks are summed
before the one way back.
"""

from __future__ import annotations

from itertools import product

import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.metrics.correlation import LAGS

WINDOW = 8192
AT_ONCE = 64
"""Windows of a signal that are transformed at once: eleven seconds at 44.1 kHz."""

_REACH = LAGS - 1
_BLOCK = WINDOW - _REACH


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
