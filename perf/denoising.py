"""Processor time and memory of `mn denoise`, as a command and by its pieces, on one core.

    python perf/denoising.py [DENOISER ...]

The command denoises a short and a longer stereo recording: their difference is what a second costs,
and the rest is its start. The pieces are what a person's recording passes one after the other.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import side_by_side
import soundfile
import torch

from benchmarks.classical.hum_notch import HumNotch
from benchmarks.classical.mmse_stsa import MmseStsa
from benchmarks.harness.resample import resampled
from benchmarks.layers import stft
from benchmarks.models.musicecan import MusicEcanSmall
from benchmarks.models.subband_mask import SubbandMask
from mn_dataset import seeds
from mn_dataset.records import SAMPLING_RATE

DENOISERS = ("mmse_stsa", "hum_notch", "subband_mask", "musicecan_small")
SHORT_S, LONG_S = 5, 23  # one piece of the network's, and five that overlap
CHANNELS = 2
PIECE_S = 5
ROUNDS = 3
COMMAND = (sys.executable, "-c", "from benchmarks.cli import main; main()")


def music(seconds: int, channels: int) -> np.ndarray:
    """Return decaying notes under white noise, float32 (time, channels)."""
    stream = seeds.generator(0, "perf", "denoising")
    time_s = np.arange(seconds * SAMPLING_RATE) / SAMPLING_RATE
    pitches = np.array([220.0, 277.2, 329.6, 440.0])[(4 * time_s).astype(int) % 4]
    note = np.sin(2 * np.pi * pitches * time_s) * np.exp(-8 * (time_s % 0.25))
    noise = stream.normals(channels * len(note)).reshape(len(note), channels)
    return (0.3 * note[:, np.newaxis] + 0.03 * noise).astype(np.float32)


def cost_of(*words: str) -> tuple[float, float]:
    """Return the processor seconds of a command on one thread, and its peak of memory in MB."""
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen([*COMMAND, *words], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"mn {' '.join(words)} failed")
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit


def commands(denoisers: tuple[str, ...]) -> None:
    """Print what the command costs; denoisers take turns, and the least of the rounds counts."""
    taken: dict[tuple[str, int], list[tuple[float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        files = {seconds: Path(folder, f"{seconds}.wav") for seconds in (SHORT_S, LONG_S)}
        for seconds, path in files.items():
            soundfile.write(path, music(seconds, CHANNELS), SAMPLING_RATE, "PCM_16")
        for number in range(ROUNDS):
            for name in denoisers:
                for seconds, path in files.items():
                    out = Path(folder, f"{name.replace(os.sep, '_')}-{seconds}-{number}")
                    words = ("denoise", str(path), "--denoiser", name, "--out", str(out))
                    taken.setdefault((name, seconds), []).append(cost_of(*words))
    rows = []
    for name in denoisers:
        short, long = (min(taken[name, seconds])[0] for seconds in (SHORT_S, LONG_S))
        each = (long - short) / (LONG_S - SHORT_S)
        memory = max(peak for _, peak in taken[name, LONG_S])
        start = f"{max(0.0, short - SHORT_S * each):.1f}"
        rows.append((name, start, f"{each:.3f}", f"{each / CHANNELS:.3f}", f"{memory:.0f}"))
    header = ("", "to start, s", "per second of stereo, s", "per channel, s", "memory, MB")
    side_by_side.table("`mn denoise`, processor seconds, one core", header, rows)


def pieces() -> None:
    """Print what each piece of the way costs for a second of one channel."""
    torch.set_num_threads(1)
    batch = np.ascontiguousarray(music(PIECE_S, 1).T)[np.newaxis]
    wave = torch.from_numpy(batch[0])
    spectra = stft.analyse(wave, stft.level_gain(wave, 0.035))
    model = MusicEcanSmall()
    networks = {"network of subband_mask, float32": SubbandMask().build().eval()}
    networks |= {
        f"network of musicecan_small, {count} to a block, {name}": model.build(num_tfc=count)
        .to(kind)
        .eval()
        for count in (3, 1)
        for name, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    }
    jobs: dict[str, Callable[[], object]] = {
        "resampling, 48 kHz and back": lambda: resampled(
            resampled(batch, 48_000, SAMPLING_RATE), SAMPLING_RATE, 48_000
        ),
        "hum_notch, no hum": lambda: HumNotch()(batch, SAMPLING_RATE),
        "mmse_stsa": lambda: MmseStsa()(batch, SAMPLING_RATE),
        "spectra and back": lambda: stft.synthesise(
            stft.analyse(wave, torch.ones(1, 1)), torch.ones(1, 1), num_samples=wave.shape[-1]
        ),
    }
    for name, network in networks.items():
        jobs[name] = partial(network, spectra.to(next(network.parameters()).dtype))
    with torch.inference_mode():
        taken = side_by_side.seconds(jobs, rounds=ROUNDS, clock=time.process_time)
    rows = [(name, f"{seconds / PIECE_S:.4f}") for name, seconds in taken.items()]
    side_by_side.table("Processor seconds per second of one channel", ("", "s"), rows)


def starts() -> None:
    """Print how long a command takes that does nothing."""
    helped = statistics.median(cost_of("denoise", "--help")[0] for _ in range(ROUNDS))
    print(f"\n`mn denoise --help`: {helped:.2f} s of processor time")


def main() -> None:
    """Print the tables."""
    commands(tuple(sys.argv[1:]) or DENOISERS)
    pieces()
    starts()


if __name__ == "__main__":
    main()
