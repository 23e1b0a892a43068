from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mn_dataset import seeds
from mn_dataset.audio.fingerprint.coherence import coherence, common
from mn_dataset.audio.fingerprint.extract import RATE


def noise(name: str, seconds: float = 6.0) -> np.ndarray:
    samples = 24 * seeds.generator(0, "coherence", name).normals(int(seconds * RATE))
    return np.clip(np.rint(samples), -127, 127).astype(np.int8)


@given(st.integers(-8000, 8000), st.integers(-300, 300))
@settings(max_examples=20, deadline=None)
def test_a_copy_is_wholly_coherent_at_its_lag(lag, off):
    """The lag that was asked may be off by 54 ms."""
    take = noise("take", 8.0)
    first, second = (take, take[lag:]) if lag >= 0 else (take[-lag:], take)
    found = coherence(first, second, lag=lag + off)

    assert found is not None
    assert found.lag == lag
    # Windows that are 54 ms off share nine tenths, and the largest of 600 chance correlations,
    # some 0.03, is taken off.
    assert 0.8 < found.score <= 1.0


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_the_score_is_the_share_of_what_is_common(share):
    """For two mixtures of one part in common and one of their own, of white noise."""
    parts = [noise(name).astype(float) for name in ("common", "one", "two")]
    weights = np.sqrt(share), np.sqrt(1 - share)
    first, second = (
        np.rint(weights[0] * parts[0] + weights[1] * own).astype(np.int8) for own in parts[1:]
    )
    found = coherence(first, second, lag=0)

    assert found is not None
    # Phases alone: E[cos] of the cross-spectrum is below the share, and grows with it.
    assert 0.5 * share - 0.1 < found.score < share


def test_strangers_score_nothing():
    """Twenty pairs of noises, none near the threshold."""
    scores = [coherence(noise("x"), noise(str(number)), lag=0) for number in range(20)]

    assert max(found.score for found in scores if found) < 0.04


def mixed(shares: np.ndarray) -> list[np.ndarray]:
    """Two mixtures of a noise in common, of these shares of the power in turn, and their own."""
    common_part, *own = (noise(name, 10.0).astype(float) for name in ("common", "one", "two"))
    time = np.linspace(0, len(shares) - 1e-9, len(common_part)).astype(int)
    weight = shares[time]
    return [
        np.rint(np.sqrt(weight) * common_part + np.sqrt(1 - weight) * part).astype(np.int8)
        for part in own
    ]


def test_what_is_in_every_third_is_steady():
    """A fifth of the power in common in most windows, and nothing in two of five."""
    found = coherence(*mixed(np.tile([0.2, 0.2, 0.0, 0.2, 0.0], 4)), lag=0)

    assert found is not None
    assert found.score < 0.05  # of white noise alone 0.04 at most, as strangers have
    # On average 0.12 of the power, and what phases make of it is less (as above).
    assert 0.05 < found.steady < 0.12
    assert found.lag == 0


def test_what_lacks_in_one_third_is_not_steady():
    """Half of the power for two thirds of the time is a part of the take, and not all of it."""
    found = coherence(*mixed(np.array([0.5, 0.5, 0.0])), lag=0)

    assert found is not None
    assert found.steady < 0.04


def test_silence_is_not_judged():
    """Nor is a time in common that is shorter than a window."""
    silence = np.zeros(20_000, np.int8)

    assert coherence(noise("x"), silence, lag=0) is None
    assert coherence(noise("x"), noise("y"), lag=int(5.9 * RATE)) is None
    assert coherence(noise("x"), noise("y"), lag=10**6) is None


def test_only_what_sounds_counts_as_time():
    """A pause in one is no time of both."""
    take = noise("take")
    paused = take.copy()
    paused[len(take) // 2 :] = 0
    found = coherence(take, paused, lag=0)

    assert found is not None
    assert found.sounding_s == pytest.approx(3.0, abs=0.5)
    assert found.score > 0.9


def test_common_time_is_symmetric():
    """Seen from the other recording it is as long."""
    assert common(100, 50, lag=70) == (70, 100)
    assert common(50, 100, lag=-70) == (0, 30)
    begin, end = common(10, 10, lag=20)
    assert end < begin
