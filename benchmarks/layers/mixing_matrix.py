"""Matrices of gains between sources and microphones: learned within bounds, fitted, and undone.

A matrix has a row per microphone and a column per source, each source at the level at which its own
microphone hears it: its diagonal is 1.
"""

from __future__ import annotations

import torch
from torch import Tensor

SHARE = 0.9
"""Of the diagonal, what the rest may take away from it at most."""

_RIDGE = 1e-9  # beside the mean power of the sources
_AUDIBLE = 1e-5  # share of the loudest source's power: -50 dB


def bounded(outputs: Tensor) -> Tensor:
    """Return matrices that can be undone, of any outputs of a network.

    Gains to the own microphone are 0.5 to 1, to the others 0 to 0.5; every column is divided by the
    former, and where need be the rest R of the matrix is scaled down, so that it cannot outweigh
    the diagonal: of R's symmetric part, all entries at their mean m would have eigenvalues of −m at
    least, and what differs from the mean has none beyond its Frobenius norm. With both together at
    most ``SHARE``, xᵀ(I + R)x ≥ (1 − ``SHARE``) |x|², and no singular value of I + R is smaller
    than 0.1. Of gains of bleed between 0.05 and 0.31, sessions of up to ten microphones are as a
    rule not scaled.

    Args:
        outputs: Of any size and sign, shape (batch, microphones²).

    Returns:
        Shape (batch, microphones, microphones), 1 on the diagonal.
    """
    size = round(outputs.shape[1] ** 0.5)
    shares = 0.5 * outputs.sigmoid().reshape(-1, size, size)
    own = 0.5 + shares.diagonal(dim1=1, dim2=2)
    eye = torch.eye(size).to(shares)
    rest = shares * (1 - eye) / own[:, None, :]
    mean = rest.sum(dim=(1, 2), keepdim=True) / max(1, size * (size - 1))
    deviation = (rest + rest.transpose(1, 2)) / 2 - mean * (1 - eye)
    weight = mean + deviation.square().sum(dim=(1, 2), keepdim=True).add(1e-12).sqrt()
    matrices: Tensor = eye + rest * (SHARE / weight.clamp(min=SHARE))
    return matrices


def inverse(matrices: Tensor) -> Tensor:
    """Return the inverses of matrices by Gauss and Jordan's elimination, without a pivot.

    It needs none where xᵀAx > 0 for all x: whatever was eliminated, what is left is such a matrix.
    Batched solvers of LAPACK have been seen to hang on processors with few threads.

    Args:
        matrices: Shape (batch, size, size), such as ``bounded`` gives.
    """
    size = matrices.shape[-1]
    wide = torch.cat((matrices, torch.eye(size).to(matrices).expand_as(matrices)), dim=2)
    for step in range(size):
        pivot = wide[:, step : step + 1] / wide[:, step : step + 1, step : step + 1]
        factors = wide[:, :, step : step + 1]
        cleared = wide - factors * pivot
        wide = torch.cat((cleared[:, :step], pivot, cleared[:, step + 1 :]), dim=1)
    return wide[:, :, size:]


def fitted(microphones: Tensor, sources: Tensor) -> Tensor:
    """Return the matrix that makes microphones of sources, by least squares: ``X Sᵀ (S Sᵀ)⁻¹``.

    A silent source has no gains: its column is that of the identity.

    Args:
        microphones: X, shape (batch, microphones, time).
        sources: S, of the same shape.

    Returns:
        float64, shape (batch, microphones, microphones).
    """
    X, S = microphones.double(), sources.double()
    power = (S @ S.transpose(1, 2)) / S.shape[-1]
    mean = power.diagonal(dim1=1, dim2=2).mean(dim=1)[:, None, None]
    ridge = (_RIDGE * mean + 1e-30) * torch.eye(S.shape[1]).to(S)
    return (X @ S.transpose(1, 2) / S.shape[-1] + ridge) @ inverse(power + ridge)


def audible(sources: Tensor) -> Tensor:
    """Return 1 for sources that sound, 0 for those 50 dB below the loudest: (batch, sources)."""
    power = sources.square().mean(dim=-1)
    loudest = power.amax(dim=1, keepdim=True)
    return ((power > _AUDIBLE * loudest) & (power > 0)).to(sources)
