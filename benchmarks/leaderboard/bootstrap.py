"""Resample clean recordings and noise recordings together, to see how far a mean may be off.

Mixtures that share a recording are not independent. The two-way ("pigeonhole") bootstrap draws
clean recordings and noise recordings with replacement, each axis alone, and weighs a mixture by
the product of how often its two recordings were drawn (Owen, "The pigeonhole bootstrap", Annals
of Applied Statistics 1(2), 2007).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mn_dataset import seeds

Floats = NDArray[np.float64]
Names = NDArray[np.str_]

_CHUNK_ELEMENTS = 4_000_000  # 32 MB of weights at a time, whatever the number of mixtures


def resampled_means(
    values: Floats, clean: Names, noise: Names, *, seed: int = 0, replicates: int = 2000
) -> Floats | None:
    """Draw means of every column under the crossed two-way cluster bootstrap.

    Args:
        values: Shape (mixtures, columns), finite.
        clean: The clean recording (or its group) of each mixture.
        noise: The noise recording (or its group) of each mixture.
        seed: Seed of the draws; columns of one call share them, so their differences are paired.
        replicates: How many means to draw.

    Returns:
        Shape (replicates, columns), less the replicates that drew no mixture at all; None with
        fewer than two clusters on either axis, where chance cannot be told.

    >>> values = np.array([[1.0], [2.0], [3.0], [4.0]])
    >>> means = resampled_means(values, np.array([*"aabb"]), np.array([*"xyxy"]), replicates=50)
    >>> bool(means.min() >= 1.0 and means.max() <= 4.0)
    True
    """
    clean_codes, noise_codes = _codes(clean), _codes(noise)
    clusters = [int(codes.max(initial=-1)) + 1 for codes in (clean_codes, noise_codes)]
    if min(clusters) < 2:
        return None
    clean_counts = _counts(seed, "clean", clusters[0], replicates)
    noise_counts = _counts(seed, "noise", clusters[1], replicates)
    sums, totals = np.empty((replicates, values.shape[1])), np.empty(replicates)
    step = max(1, _CHUNK_ELEMENTS // len(values))
    for first in range(0, replicates, step):
        part = slice(first, first + step)
        weights = clean_counts[part][:, clean_codes] * noise_counts[part][:, noise_codes]
        sums[part], totals[part] = weights @ values, weights.sum(axis=1)
    drawn = totals > 0
    means: Floats = sums[drawn] / totals[drawn, np.newaxis]
    return means


@lru_cache(maxsize=64)  # cells with as many clusters share their draws
def _counts(seed: int, axis: str, clusters: int, replicates: int) -> Floats:
    """Draw how often each cluster is taken: multinomial counts, (replicates, clusters)."""
    words = seeds.generator(seed, "bootstrap", f"{axis}/{clusters}").words(replicates * clusters)
    # The high half of a word, scaled to [0, clusters) in integers: the same on every platform.
    half = np.uint64(32)
    drawn = (((words >> half) * np.uint64(clusters)) >> half).astype(np.intp)
    rows = np.repeat(np.arange(replicates) * clusters, clusters)
    counts = np.bincount(rows + drawn, minlength=replicates * clusters)
    return counts.reshape(replicates, clusters).astype(np.float64)


def _codes(names: Names) -> NDArray[np.intp]:
    return np.unique(names, return_inverse=True)[1]
