"""The tuned settings leave more of the music than those that ship."""

import numpy as np
import pytest

from benchmarks.external.noise_reduce import NoiseReduce
from benchmarks.external.noise_reduce_tuned import NoiseReduceTuned

RATE = 44_100


def test_more_of_the_melody_is_left(melody, hiss):
    """In level: what it is worth depends on the music. Silence stays silence."""
    pytest.importorskip("noisereduce", reason="the extra 'baselines' is not installed")

    tuned, shipped = (kind()(melody + hiss, RATE) for kind in (NoiseReduceTuned, NoiseReduce))

    assert np.vdot(tuned, melody) > 1.2 * np.vdot(shipped, melody)
    assert not NoiseReduceTuned()(np.zeros((1, 1, 5_000), np.float32), RATE).any()
