"""Sketch a recording in a few integers, from which the distance of two decodings is estimated.

A hash says equal or not. MP3 and OGG are decoded in floating point, so another machine's decoder
may round some samples to the neighbouring integer: harmless, and yet another hash. The sketch
tells this case from a real difference without the other machine's samples. It is a sparse
Johnson-Lindenstrauss projection (Charikar, Chen and Farach-Colton, "Finding frequent items in
data streams", 2002; the count sketch): every sample gets a random sign from Philox and is added to
one of 17 sums in turn, so the sketch is linear and exact in integers. 17 is prime: a difference
that returns with a codec's frames or every few samples still falls into every sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mn_dataset.audio.io import Pcm
from mn_dataset.seeds import generator

SUMS = 17


@dataclass(frozen=True)
class Sketch:
    """What is kept of a recording.

    Attributes:
        num_samples: Its length.
        sums: Signed sums of its samples in LSB, 17 of them.
    """

    num_samples: int
    sums: tuple[int, ...]

    def __str__(self) -> str:
        """Write the sketch as one cell of a table: the length, then the sums."""
        return " ".join(map(str, (self.num_samples, *self.sums)))


def sketch(samples: Pcm) -> Sketch:
    """Sketch int16 samples of shape (time,).

    >>> str(sketch(np.array([3, -4], np.int16)))
    '2 3 4 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0'
    """
    count = len(samples)
    words = generator(0, "sketch").words(-(-count // 64)).astype("<u8")
    signs = 2 * np.unpackbits(words.view(np.uint8))[:count].astype(np.int8) - 1
    signed = np.zeros((-(-count // SUMS), SUMS), np.int32)
    np.multiply(samples, signs, out=signed.ravel()[:count], dtype=np.int32)
    return Sketch(count, tuple(int(value) for value in signed.sum(axis=0, dtype=np.int64)))


def parse(text: str) -> Sketch:
    """Read a sketch from its cell.

    Raises:
        ValueError: if the cell is not a sketch.

    >>> parse(str(sketch(np.ones(9, np.int16)))).num_samples
    9
    """
    count, *sums = map(int, text.split())
    if len(sums) != SUMS:
        raise ValueError(f"{len(sums)} sums, expected {SUMS}")
    return Sketch(count, tuple(sums))


def rms_difference_lsb(first: Sketch, second: Sketch) -> float:
    """Estimate the RMS difference of two recordings of one length in LSB, from their sketches.

    Σⱼ (aⱼ − bⱼ)² over the 17 sums is an unbiased estimate of Σᵢ (xᵢ − yᵢ)² over the samples; for
    differences that are spread over the recording its standard deviation is √(2/17) = 34 % of it,
    so that of the RMS is about 17 %. Equal recordings give 0 exactly.

    Returns:
        LSB; infinity when the lengths differ.
    """
    if first.num_samples != second.num_samples:
        return math.inf
    squares = sum((a - b) ** 2 for a, b in zip(first.sums, second.sums, strict=True))
    return math.sqrt(squares / max(first.num_samples, 1))
