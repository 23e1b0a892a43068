"""Give the tests of this package what several of its rooms need."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from benchmarks.layers.tensorflow_weights import reference_name
from mn_dataset.seeds import generator


@pytest.fixture
def arrays_of() -> Callable[[torch.nn.Module], dict[str, np.ndarray]]:
    """Return a function that gives a network's weights as the reference would store them."""
    axes = {4: (2, 3, 1, 0), 3: (2, 1, 0), 2: (0, 1), 1: (0,)}

    def stored(network):
        weights = network.state_dict()
        return {
            reference_name(name): value.permute(axes[value.ndim]).numpy()
            for name, value in weights.items()
        }

    return stored


@pytest.fixture(scope="session")
def song() -> np.ndarray:
    """A voice that glides over a loop of a fifth of a second, 6 s at 44.1 kHz: (1, 2, 1, time)."""
    time_s = np.arange(6 * 44_100) / 44_100
    since_s = time_s % 0.2
    chord = sum(np.sin(2 * np.pi * hz * time_s) for hz in (110, 220, 330, 440))
    beat = np.tile(generator(0, "song", "beat").normals(8_820), 30) * np.exp(-60 * since_s)
    accompaniment = 0.1 * chord + 0.2 * beat
    glide = 300 * time_s + 60 * time_s**2 + np.sin(11 * np.pi * time_s)
    voice = sum(np.sin(2 * np.pi * n * glide) / n for n in (1, 2, 3, 4))
    voice *= 0.2 * (np.sin(2 * np.pi * 0.41 * time_s) > -0.3)
    return np.stack([voice, accompaniment])[None, :, None].astype(np.float32)
