"""Cases of gain rules, the integral that they are compared with, and sessions that bleed."""

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


SESSION_RATE = 16_000


@pytest.fixture(scope="session")
def sources() -> NDArray[np.float32]:
    """A gliding voice, struck noise, and chords that change, (1, 3, 1, time), 4 s at 16 kHz."""
    time_s = np.arange(4 * SESSION_RATE) / SESSION_RATE
    phase = 2 * np.pi * (300 * time_s + 20 * np.sin(2 * np.pi * 0.7 * time_s))
    voice = sum(np.sin(n * phase) / n for n in range(1, 9)) * (np.sin(np.pi * time_s) > 0)
    struck = generator(0, "session").normals(len(time_s)) * np.exp(-30 * (time_s % 0.4))
    root = 110 * 2 ** (np.floor(time_s / 0.7) / 12)
    chord = sum(np.sin(2 * np.pi * n * np.cumsum(root) / SESSION_RATE) / n for n in (2, 3, 5))
    return 0.2 * np.stack([voice, struck, chord])[np.newaxis, :, np.newaxis].astype(np.float32)


@pytest.fixture(scope="session")
def mixed() -> Callable[..., tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Return a function that mixes sources as the published simulation does.

    It returns the image of every source in its own microphone, and what all microphones hear.
    """

    def mix(sources: NDArray[np.float32], seed: int = 0) -> tuple[NDArray[np.float32], ...]:
        stream = generator(seed, "bleed")
        count = sources.shape[1]
        gains = np.array([[stream.uniform(0.05, 0.31) for _ in range(count)] for _ in range(count)])
        own = np.array([stream.uniform(0.6, 1.0) for _ in range(count)])
        np.fill_diagonal(gains, own)
        tracks = np.einsum("ij,bjct->bict", gains, sources).astype(np.float32)
        return (own[:, np.newaxis, np.newaxis] * sources).astype(np.float32), tracks

    return mix


@pytest.fixture(scope="session")
def si_sdr_db() -> Callable[..., NDArray[np.float64]]:
    """Return a function of (…, time) estimates and references that returns their SI-SDR."""

    def ratio(estimate: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float64]:
        found, truth = estimate.astype(float), reference.astype(float)
        gain = (found * truth).sum(-1, keepdims=True) / (truth**2).sum(-1, keepdims=True)
        error = ((found - gain * truth) ** 2).sum(-1)
        value: NDArray[np.float64] = 10 * np.log10(((gain * truth) ** 2).sum(-1) / error)
        return value

    return ratio
