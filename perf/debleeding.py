"""Real-time factor of `kamir` for 4, 8 and 16 microphones, beside its equations written plainly.

Both take the same transform of ten seconds of struck noise; the plain version goes through voices
and microphones one by one, as the paper and its public ports do, in single precision and in numpy's
own, which the ports use. They have to agree.
"""

from __future__ import annotations

import numpy as np
import side_by_side

from benchmarks.classical.kamir import Kamir
from benchmarks.signal.array_stft import ArrayStft, power_of
from benchmarks.signal.stft import stft_at
from mn_dataset import seeds
from mn_dataset.records import SAMPLING_RATE

SECONDS = 10
ROUNDS = 3
MICROPHONES = (4, 8, 16)
AGREES = 1e-3

_FAINT = 1e-10
_FLOOR, _LEAKAGE, _PASSES = 0.1, 0.05, 5


def session(microphones: int) -> np.ndarray:
    """Return what microphones hear of sources that sound in turn, float32 (1, K, 1, time)."""
    time_s = np.arange(SECONDS * SAMPLING_RATE) / SAMPLING_RATE
    stream = seeds.generator(0, "perf", f"debleeding {microphones}")
    noise = stream.normals(microphones * len(time_s)).reshape(microphones, -1)
    beats = 0.2 + 0.05 * np.arange(microphones)[:, None]
    sources = 0.1 * noise * np.exp(-10 * (time_s % beats))
    matrix = 0.05 + 0.26 * stream.uniforms(microphones**2).reshape(microphones, -1)
    np.fill_diagonal(matrix, 0.8)
    return (matrix @ sources).astype(np.float32)[None, :, None]


def plainly(batch: np.ndarray) -> np.ndarray:
    """Return the estimates of a session, one voice and one microphone at a time."""
    stft = ArrayStft(stft_at(SAMPLING_RATE).hop)
    spectrum = stft.forward(batch[0, :, 0])
    heard = [power_of(one) for one in spectrum]
    scale = sum(float(power.mean()) for power in heard) / len(heard)
    heard = [power / scale for power in heard]
    voices = range(len(heard))
    matrix = [
        [np.full(heard[0].shape[1], 1.0 if i == j else _FLOOR, batch.dtype) for j in voices]
        for i in voices
    ]
    own = [power.copy() for power in heard]
    for _ in range(_PASSES):
        for j in voices:
            total = sum(matrix[j][k] * own[k] for k in voices) + _FAINT
            gain = matrix[j][j] * own[j] / total
            own[j] = gain * gain * heard[j] / np.maximum(matrix[j][j], _FAINT)
        for i in voices:
            total = sum(matrix[i][k] * own[k] for k in voices) + _FAINT
            for j in voices:
                above = (heard[i] / total**2 * own[j]).sum(axis=0)
                below = (own[j] / total).sum(axis=0)
                matrix[i][j] = np.maximum(matrix[i][j] * above / (below + _FAINT), _LEAKAGE)
    estimates = np.empty_like(batch)
    for i in voices:
        total = sum(matrix[i][k] * own[k] for k in voices) + _FAINT
        weighed = spectrum[i] * (matrix[i][i] * own[i] / total)
        estimates[0, i, 0] = stft.inverse(weighed[None], num_samples=batch.shape[-1])[0]
    return estimates


def main() -> None:
    """Print the table."""
    rows = []
    for microphones in MICROPHONES:
        heard = session(microphones)
        kamir = Kamir()
        expected = plainly(heard)
        error = np.abs(kamir(heard, SAMPLING_RATE) - expected).max() / np.abs(expected).max()
        if not error <= AGREES:
            raise SystemExit(f"{microphones} microphones: they differ by {error:.1e} of the peak")
        double = heard.astype(np.float64)
        taken = side_by_side.seconds(
            {
                "kamir": lambda: kamir(heard, SAMPLING_RATE),  # noqa: B023 - called at once
                "single": lambda: plainly(heard),  # noqa: B023
                "double": lambda: plainly(double),  # noqa: B023
            },
            rounds=ROUNDS,
        )
        cells = [f"{taken['kamir'] / SECONDS:.3f}"]
        for name in ("single", "double"):
            cells += [f"{taken[name] / SECONDS:.3f}", f"{taken[name] / taken['kamir']:.1f}"]
        rows.append((str(microphones), *cells))
    side_by_side.table(
        "Removing bleed: seconds of one core per second of audio",
        ("microphones", "`kamir`", "plainly, float32", "ratio", "plainly, float64", "ratio"),
        rows,
    )


if __name__ == "__main__":
    main()
