"""Give the tests of this package what several of its rooms need."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from benchmarks.layers.tensorflow_weights import reference_name


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
