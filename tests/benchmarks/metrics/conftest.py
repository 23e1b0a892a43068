"""Give the metric tests one piece of music and one noise that never change."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mn_dataset.seeds import generator

RATE = 44_100


@pytest.fixture(scope="session")
def white() -> NDArray[np.float64]:
    return 0.1 * generator(0, "test", "white").normals(2 * RATE)


@pytest.fixture(scope="session")
def music() -> NDArray[np.float64]:
    """Five decaying partials struck twice a second over a faint hiss, 2 s."""
    time = np.arange(2 * RATE) / RATE
    partials = ((220, 0.3), (440, 0.2), (660, 0.1), (1320, 0.08), (3000, 0.05))
    tone = sum(level * np.sin(2 * np.pi * hz * time) for hz, level in partials)
    hiss = generator(0, "test", "hiss").normals(2 * RATE)
    return np.exp(-4 * (2 * time % 1)) * tone + 0.003 * hiss


@pytest.fixture(scope="session")
def noisy(music: NDArray[np.float64], white: NDArray[np.float64]) -> NDArray[np.float64]:
    return music + 0.3 * white
