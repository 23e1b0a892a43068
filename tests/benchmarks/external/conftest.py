"""Give the tests of foreign denoisers one melody in noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mn_dataset.seeds import generator

RATE = 44_100


@pytest.fixture(scope="session")
def melody() -> NDArray[np.float32]:
    """Plucked notes of four harmonics that rest half of the time, 3 s, shape (1, 1, time)."""
    note, since_s = np.divmod(np.arange(3 * RATE) / RATE, 0.25)
    pitch_hz = 220 * 2 ** (np.array([0, 4, 7, 12])[note.astype(int) % 4] / 12)
    pluck = np.exp(-16 * since_s) * np.minimum(1, since_s / 0.005)
    clean = sum(np.sin(2 * np.pi * n * pitch_hz * since_s) / n for n in (1, 2, 3, 4)) * pluck
    return (0.3 * clean).astype(np.float32)[None, None]


@pytest.fixture(scope="session")
def hiss(melody: NDArray[np.float32]) -> NDArray[np.float32]:
    """White noise 5 dB below the melody, shape (1, 1, time)."""
    noise = generator(0, "test external", "hiss").normals(melody.size)
    noise *= np.sqrt(np.square(melody).mean() / 10**0.5)
    return noise.astype(np.float32)[None, None]
