"""Real-time factor of `kamir` beside its equations written down in numpy, for 4, 8, 16 microphones.

Both begin and end with waveforms, one core each; what they answer is compared too. Then the memory
of an hour, which is handed over in pieces.
"""

from __future__ import annotations

import resource

import numpy as np
import side_by_side

from benchmarks.classical.bleed_wiener import BleedWiener
from benchmarks.classical.kamir import Kamir
from benchmarks.signal.stft import stft_at
from mn_dataset import seeds
from mn_dataset.records import SAMPLING_RATE

SECONDS = 10
ROUNDS = 3
MICROPHONES = (4, 8, 16)
ITERATIONS, FLOOR, LEAKAGE = 5, 0.1, 0.05


def session(microphones: int, seconds: int) -> np.ndarray:
    """Return struck noises that all microphones hear, float32 (1, microphones, 1, time)."""
    stream = seeds.generator(0, "perf", "debleeding")
    size = seconds * SAMPLING_RATE
    time_s = np.arange(size) / SAMPLING_RATE
    sources = np.stack(
        [
            stream.normals(size) * np.exp(-20 * ((time_s + 0.07 * number) % 0.5))
            for number in range(microphones)
        ]
    )
    gains = np.array(
        [[stream.uniform(0.05, 0.31) for _ in range(microphones)] for _ in range(microphones)]
    )
    np.fill_diagonal(gains, 0.8)
    return (0.1 * gains @ sources)[np.newaxis, :, np.newaxis].astype(np.float32)


def by_the_equations(tracks: np.ndarray) -> np.ndarray:
    """Return what the paper's equations say, a voice and a microphone at a time."""
    stft = stft_at(SAMPLING_RATE)
    X = [stft.forward(track) for track in tracks]
    V = [np.abs(spectrum) ** 2 for spectrum in X]
    scale = np.mean(V)
    V = [power / scale for power in V]
    count, eps = len(X), 1e-10
    L = [
        [np.full(X[0].shape[1], 1.0 if i == j else FLOOR, np.float32) for j in range(count)]
        for i in range(count)
    ]
    P = [power.copy() for power in V]

    def model(i: int) -> np.ndarray:
        return sum(L[i][j] * P[j] for j in range(count)) + eps

    for _ in range(ITERATIONS):
        for j in range(count):
            W = L[j][j] * P[j] / model(j)
            P[j] = W**2 * V[j] / L[j][j]
        for i in range(count):
            M = model(i)
            L[i] = [
                np.maximum(
                    L[i][j] * (M**-2 * V[i] * P[j]).sum(0) / ((M**-1 * P[j]).sum(0) + eps), LEAKAGE
                )
                for j in range(count)
            ]
    Y = [X[i] * (L[i][i] * P[i] / model(i)) for i in range(count)]
    return np.stack([stft.inverse(spectrum, num_samples=tracks.shape[-1]) for spectrum in Y])


def main() -> None:
    """Print the tables."""
    rows = []
    for microphones in MICROPHONES:
        tracks = session(microphones, SECONDS)
        kamir, recommended = Kamir(), BleedWiener()
        difference = kamir(tracks, SAMPLING_RATE)[0, :, 0] - by_the_equations(tracks[0, :, 0])
        taken = side_by_side.seconds(
            {
                "kamir": lambda: kamir(tracks, SAMPLING_RATE),  # noqa: B023 - called at once
                "equations": lambda: by_the_equations(tracks[0, :, 0]),  # noqa: B023
                "bleed_wiener": lambda: recommended(tracks, SAMPLING_RATE),  # noqa: B023
            },
            rounds=ROUNDS,
        )
        rows.append(
            (
                str(microphones),
                *(f"{taken[name] / SECONDS:.2f}" for name in taken),
                f"{taken['equations'] / taken['kamir']:.1f}",
                f"{np.abs(difference).max() / np.abs(tracks).max():.0e}",
            )
        )
    header = ("microphones", "kamir", "its equations", "bleed_wiener", "ratio", "difference")
    side_by_side.table("Seconds per second of 44.1 kHz, one core", header, rows)
    for system in (Kamir(), BleedWiener()):
        system(session(8, system.spec.chunk // SAMPLING_RATE), SAMPLING_RATE)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        print(f"\nMost memory so far, after a piece of 8 tracks, {system.spec.name}: {peak:.2f} GB")


if __name__ == "__main__":
    main()
