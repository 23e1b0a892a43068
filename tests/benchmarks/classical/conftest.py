"""Cases of gain rules, the integral that they are compared with, and tracks of a session."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.integrate import quad
from scipy.special import i0e

from mn_dataset.seeds import generator

CASES = [(0.01, 0.1), (0.01, 5.0), (0.3, 1.0), (1.0, 1.0), (5.0, 0.2), (20.0, 30.0), (300.0, 200.0)]


@pytest.fixture(params=CASES, ids=str)
def snrs(request: pytest.FixtureRequest) -> tuple[float, float]:
    """An a priori and an a posteriori SNR."""
    prior, posterior = request.param
    return prior, posterior


@pytest.fixture
def posterior_mean(snrs: tuple[float, float]) -> Callable[[Callable[[float], float]], float]:
    """Return a function that integrates over the clean amplitude given the noisy one.

    The noise has unit power. The clean spectrum given the noisy one is Gaussian around the Wiener
    estimate with variance ξ / (1 + ξ), so the amplitude is Rician.
    """
    prior, posterior = snrs
    variance = prior / (1 + prior)
    centre = variance * math.sqrt(posterior)

    def density(amplitude: float) -> float:
        spread = math.exp(-((amplitude - centre) ** 2) / variance)
        return float(2 * amplitude / variance * spread * i0e(2 * amplitude * centre / variance))

    low = max(0.0, centre - 9 * math.sqrt(variance))
    high = centre + 9 * math.sqrt(variance)

    def mean(function: Callable[[float], float]) -> float:
        return float(quad(lambda amplitude: function(amplitude) * density(amplitude), low, high)[0])

    return mean


@pytest.fixture(scope="session")
def players() -> NDArray[np.float64]:
    """Four that play notes of their own, each in its own time, 4 s at 44.1 kHz: (4, time)."""
    time_s = np.arange(4 * 44_100) / 44_100
    tracks = []
    for number, (pitch_hz, beat_s, dull) in enumerate(
        [(440, 0.37, 2.0), (82, 0.53, 0.5), (1300, 0.21, 9.0), (220, 0.89, 1.0)]
    ):
        note, since_s = np.divmod(time_s + 0.05 * number, beat_s)
        steps = np.array([0, 4, 7, 2, 9, 5])[(note.astype(int) * (number + 1)) % 6]
        phase = 2 * np.pi * pitch_hz * 2 ** (steps / 12) * since_s
        tone = sum(np.sin(n * phase) / n**1.2 for n in range(1, 6))
        hiss = generator(0, "players", str(number)).normals(len(time_s))
        track = (tone + 0.3 * hiss * np.exp(-60 * since_s)) * np.exp(-dull * since_s / beat_s)
        tracks.append(track * (np.sin(2 * np.pi * time_s / (1.3 + number)) > -0.6))
    return 0.15 * np.stack(tracks)
