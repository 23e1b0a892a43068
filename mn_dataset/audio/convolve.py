"""Convolve 16-bit samples with 16-bit taps exactly, by Fourier transforms in double precision.

A transform of N = 2**n samples errs by a little in every step; a result that is known to be whole
is exact once the error is proven smaller than one half and rounded away. Let u = 2**-53, a stored
root of unity be within β of the true one, and s = (1 + u)(1 + √5 u)(1 + β): one addition, one
complex multiplication (√5 u: Brent, Percival and Zimmermann, Math. Comp. 76, 2007; 2 u with fused
operations: Jeannerod et al., Math. Comp. 86, 2017) and one root. With L levels per transform:

1. Each level is √2 times a unitary map, so both spectra are within s**L − 1 of the true ones,
   relative to their Euclidean norms (Higham, Accuracy and Stability, 2002, section 24.1).
2. Their product is within Σ|X̂Ĥ(1 + √5 u) − XH| ≤ (s**2L (1 + √5 u) − 1) ‖X‖‖H‖ (Cauchy-Schwarz).
3. An output of the inverse is 1/N times a sum over the bins, each multiplied on its way by L
   factors of at most s; ‖X‖‖H‖ = N ‖x‖‖h‖. Together, for every output of the cyclic convolution,

       |error| ≤ ‖x‖ ‖h‖ (s**3L (1 + √5 u) − 1)        (Percival, Math. Comp. 72, 2003, theorem 5.1)

pocketfft multiplies two tabulated roots, each from an angle that was rounded twice (π/2 u) and a
sine and cosine within one unit in the last place (2 u), which makes (π + 4 + √5) u < 10 u of one
root; β = 16 u leaves room for other libraries, and L = n + 1 for real transforms that are made of
complex ones of half the length. Radix-4 steps multiply less often than two levels may.

The bound is computed from the norms of each block. Where it does not stay under one half, the
block is split into its high and low bytes, whose norms are 256 times smaller: that is enough for
every transform of up to 2**20 samples at full scale. Both the bound and the distance to whole
numbers that is really seen are checked, so no result is returned that was not proven.

Where few taps are not zero, or few samples, shifted samples are added up as integers instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, rfft

from mn_dataset.audio.io import Pcm

MAX_TAPS = 2**23 - 1
"""Sums of so many products of 16-bit numbers stay below 2**53, where float64 is exact."""

ROOT_ERROR = 16 * 2.0**-53
"""How far a root of unity of the transform may be from the true one."""

_UNIT = 2.0**-53
_SQRT5 = math.sqrt(5.0)
_HALF = 0.5
_BYTE = 256
_SIZES = tuple(1 << exponent for exponent in range(10, 19))  # beyond it they leave the cache

Float64 = NDArray[np.float64]
Complex128 = NDArray[np.complex128]


def error_bound(block_norm: float, taps_norm: float, size: int) -> float:
    """Return how far a computed cyclic convolution may be from the true one, in any sample.

    Args:
        block_norm: Euclidean norm of the block.
        taps_norm: Euclidean norm of the taps.
        size: Length of the transform, a power of two.

    >>> round(error_bound(1e6, 5e4, 2**17), 4)  # three seconds of music, one of a room
    0.0058
    """
    levels = size.bit_length()
    level = math.log1p(_UNIT) + math.log1p(_SQRT5 * _UNIT) + math.log1p(ROOT_ERROR)
    return block_norm * taps_norm * math.expm1(3 * levels * level + math.log1p(_SQRT5 * _UNIT))


def convolve(
    samples: Pcm, taps: NDArray[np.int16], *, transform_size: int | None = None
) -> NDArray[np.int64]:
    """Return the convolution, exact integers, int64 (time,), as long as the samples.

    The samples are preceded by silence, and what would sound after the last of them is cut.

    Args:
        samples: int16 (time,).
        taps: int16 (time,), 1 to ``MAX_TAPS`` of them.
        transform_size: A power of two; None chooses the quickest. It does not change the result.

    >>> convolve(np.array([1, 2, 3, 4], np.int16), np.array([10, 0, -1], np.int16)).tolist()
    [10, 20, 29, 38]

    Raises:
        ValueError: if the arrays are not int16 of one dimension, or there are no taps or too many.
        FloatingPointError: if a block cannot be proven exact (never at the chosen size).
    """
    _check(samples, taps, transform_size)
    sounding = taps[: len(samples)]
    places = np.flatnonzero(sounding != 0)
    heard = samples[: len(samples) - _trailing_zeros(samples)]
    size = transform_size or _quickest_size(len(samples), len(sounding))
    if not transform_size and len(places) * len(heard) <= _operations(
        size, len(samples), len(sounding)
    ):
        return _shifted(heard, places, sounding[places], len(samples))
    sums = np.zeros(len(samples), np.int64)
    for first in range(0, len(sounding), size // 2):
        part = sounding[first : first + size // 2].astype(np.float64)
        for start, block_sums in _overlap_save(samples[: len(samples) - first], part, size):
            sums[first + start :][: len(block_sums)] += block_sums.astype(np.int64)
    return sums


def _check(samples: Pcm, taps: NDArray[np.int16], size: int | None) -> None:
    for name, values in (("samples", samples), ("taps", taps)):
        if values.ndim != 1 or values.dtype != np.int16:
            raise ValueError(
                f"{name} are {values.dtype} of shape {values.shape}; expected int16 (time,)"
            )
    if not 1 <= len(taps) <= MAX_TAPS:
        raise ValueError(f"there are {len(taps)} taps; expected 1 to {MAX_TAPS}")
    if size is not None and (size < 2 or size & (size - 1)):
        raise ValueError(f"transform_size is {size}; expected a power of two, at least 2")


def _quickest_size(num_samples: int, num_taps: int) -> int:
    """Return the length of the transforms that need the fewest operations in all."""
    return min(
        (size for size in _SIZES if size >= 2 * num_taps),
        key=lambda size: _operations(size, num_samples, num_taps),
        default=_SIZES[-1],
    )


def _operations(size: int, num_samples: int, num_taps: int) -> int:
    """Return about how many operations transforms of a length need."""
    parts = -(-num_taps // (size // 2))
    blocks = -(-num_samples // (size - min(num_taps, size // 2) + 1))
    return (2 * blocks + 1) * parts * size * size.bit_length()


def _trailing_zeros(samples: Pcm) -> int:
    """Return how many samples of silence stand at the end; none if nothing sounds at all."""
    return int(np.argmax(samples[::-1] != 0)) if len(samples) else 0


def _shifted(
    samples: Pcm, places: NDArray[np.intp], taps: NDArray[np.int16], length: int
) -> NDArray[np.int64]:
    """Return the convolution with a few taps: the samples shifted to the place of each, added."""
    sums = np.zeros(length, np.int64)
    whole = samples.astype(np.int64)
    for place, tap in zip(places.tolist(), taps.tolist(), strict=True):
        heard = whole[: length - place]
        sums[place : place + len(heard)] += tap * heard
    return sums


def _overlap_save(samples: Pcm, taps: Float64, size: int) -> Iterator[tuple[int, Float64]]:
    """Yield the exact convolution block by block: its first sample, and whole numbers.

    Each block is transformed with the ``len(taps) - 1`` samples before it; the outputs that
    those would wrap into are thrown away.
    """
    history = len(taps) - 1
    step = size - history
    spectrum, taps_norm = rfft(taps, size), _norm(taps)
    for start in range(0, len(samples), step):
        block = np.zeros(size)
        before = min(history, start)
        heard = samples[start - before : start + step]
        block[history - before :][: len(heard)] = heard
        yield start, _cyclic(block, spectrum, taps_norm)[history:][: len(samples) - start]


def _cyclic(block: Float64, spectrum: Complex128, taps_norm: float) -> Float64:
    """Return the exact cyclic convolution, at once or by high and low bytes."""
    if error_bound(_norm(block), taps_norm, len(block)) < _HALF:
        return _proven(block, spectrum, taps_norm)
    high = np.floor((block + _BYTE // 2) / _BYTE)  # −128 to 128; the low byte is −128 to 127
    low = block - _BYTE * high
    return _BYTE * _proven(high, spectrum, taps_norm) + _proven(low, spectrum, taps_norm)


def _proven(block: Float64, spectrum: Complex128, taps_norm: float) -> Float64:
    """Convolve by transforms and round; raise unless the error is known to be under one half."""
    size = len(block)
    bound = error_bound(_norm(block), taps_norm, size)
    if not bound < _HALF:
        raise FloatingPointError(
            f"a transform of {size} samples may err by {bound:.3g}; expected less than 0.5: "
            "choose a smaller transform_size"
        )
    product = rfft(block)
    product *= spectrum
    sums: Float64 = irfft(product, size, overwrite_x=True)
    whole = np.rint(sums)
    sums -= whole
    distance = max(sums.max(), -sums.min())
    if not distance <= bound:
        raise FloatingPointError(
            f"a transform of {size} samples errs by {distance:.3g}; expected at most {bound:.3g}: "
            "the Fourier transform of this installation of scipy is not accurate; install another"
        )
    return whole


def _norm(values: Float64) -> float:
    """Return the Euclidean norm; the squares of whole numbers add up exactly in any order."""
    return math.sqrt(float(values @ values))
