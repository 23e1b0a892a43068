"""Milliseconds per `sdr` of a 5-second pair, on one core beside other implementations.

`--device cuda` prints those of a batch on a GPU instead, beside two cores in the same run.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import shutil
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np
import side_by_side
import torch

from benchmarks.metrics.batched.ratios import ratios
from benchmarks.metrics.batched.score import BATCHED, score_batch
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr import sdr
from mn_dataset import seeds
from mn_dataset.records import SAMPLING_RATE

REPEATS = 8
ROUNDS = 7
BATCH, CORES = 64, 2


def pair() -> tuple[np.ndarray, np.ndarray]:
    """Return a 5-second reference with decaying partials, and a noisy estimate of it."""
    stream = seeds.generator(0, "perf", "sdr")
    time = np.arange(5 * SAMPLING_RATE) / SAMPLING_RATE
    partials = (
        np.sin(2 * np.pi * 220 * n * time) * np.exp(-n * (time % 0.5)) for n in range(1, 20)
    )
    reference = sum(partials) / 20 + 1e-3 * stream.normals(len(time))
    return reference, reference + 0.02 * stream.normals(len(time))


def main() -> None:
    """Measure on the device that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, or cuda")
    device = parser.parse_args().device
    torch.set_num_threads(1)
    if device == "cpu":
        on_one_core()
    else:
        for names in (("sdr",), ("sir", "sar")):
            in_a_batch(names, device)


@cache
def batch() -> list[np.ndarray]:
    """Return estimates, references and mixtures, (64, time) each, of which no two are the same."""
    stream = seeds.generator(0, "perf", "sdr batch")
    known, _ = pair()
    reference = np.stack([np.roll(known, 997 * number) for number in range(BATCH)])
    hiss = stream.normals(reference.size).reshape(reference.shape)
    return [
        reference + 0.02 * hiss + 0.001 * np.roll(hiss, 1, 0),
        reference,
        reference + 0.1 * hiss,
    ]


def score_share(names: tuple[str, ...], share: int) -> list[list[float]]:
    """Score every second pair, in a process of its own, metric by metric."""
    scores = []
    for estimate, reference, noisy in list(zip(*batch(), strict=True))[share::CORES]:
        truth = Truth(reference, SAMPLING_RATE, noisy=noisy)
        with truth.scoring(estimate):
            scores.append([BATCHED[name](estimate, truth).value for name in names])
    return scores


def in_a_batch(names: tuple[str, ...], device: str) -> None:
    """Print the time of a batch beside that of two cores."""
    given = 2 if names == ("sdr",) else 3  # only sir and sar need the mixtures
    host = [torch.from_numpy(part) for part in batch()[:given]]
    there = [part.to(device) for part in host]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(CORES, mp_context=context) as pool:

        def by_cores() -> np.ndarray:
            values = np.empty((BATCH, len(names)))
            for share, part in enumerate(pool.map(score_share, [names] * CORES, range(CORES))):
                values[share::CORES] = part
            return values

        where = torch.cuda.get_device_name(device)
        jobs: dict[str, Callable[[], np.ndarray]] = {
            "the metrics, two cores": by_cores,
            f"{where}, tensors there": lambda: scored(there, names),
            f"{where}, tensors brought there": lambda: scored(
                [part.to(device) for part in host], names
            ),
        }
        answers = {name: job() for name, job in jobs.items()}
        taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    cores = next(iter(jobs))
    rows = [
        (
            name,
            f"{1e3 * taken[name] / BATCH:.2f}",
            f"{taken[cores] / taken[name]:.2f}",
            f"{np.abs(answers[name] - answers[cores]).max():.0e}",
        )
        for name in jobs
    ]
    header = ("", "ms per 5-s pair", "× the two cores", "difference, dB")
    side_by_side.table(f"{' and '.join(names)} of {BATCH} pairs, float64", header, rows)


def scored(tensors: list[torch.Tensor], names: tuple[str, ...]) -> np.ndarray:
    """Return the values of a batch on a device, (64, metrics)."""
    estimates, references, *mixtures = tensors
    noisy = mixtures[0] if mixtures else None
    found = score_batch(estimates, references, noisy=noisy, metrics=names)
    return np.array([[score.value for score in found[name]] for name in names]).T


def on_one_core() -> None:
    """Print one pair's time; implementations that are not installed are left out by name."""
    reference, estimate = pair()
    remembered = Truth(reference, SAMPLING_RATE)
    jobs: dict[str, Callable[[], object]] = {
        "ours": lambda: sdr(estimate, Truth(reference, SAMPLING_RATE)),
        "ours, one more estimate of a known reference": lambda: sdr(estimate, remembered),
        **others(reference, estimate),
    }
    repeated = {name: repeat(job) for name, job in jobs.items()}
    batched = [torch.from_numpy(np.stack([signal] * REPEATS)) for signal in (estimate, reference)]
    repeated["what a GPU computes (batched Cholesky)"] = lambda: ratios(
        *batched, None, names=["sdr"]
    )
    taken = side_by_side.seconds(repeated, rounds=ROUNDS)
    rows = [
        (name, f"{1e3 * taken[name] / REPEATS:.1f}", f"{taken[name] / taken['ours']:.1f}")
        for name in repeated
    ]
    header = ("", "ms per 5-s pair", "ours is × as fast")
    side_by_side.table("sdr (BSS Eval v3, 512 taps), float64, one core", header, rows)


def repeat(job: Callable[[], object]) -> Callable[[], object]:
    """Return a job done several times."""
    return lambda: [job() for _ in range(REPEATS)]


def others(reference: np.ndarray, estimate: np.ndarray) -> dict[str, Callable[[], object]]:
    """Return the other implementations that are installed, each called as its authors do."""
    found: dict[str, Callable[[], object]] = {}
    if importlib.util.find_spec("mir_eval"):
        from mir_eval.separation import bss_eval_sources  # noqa: PLC0415 - optional

        found["mir_eval"] = lambda: bss_eval_sources(reference[None], estimate[None], False)
    if importlib.util.find_spec("museval") and shutil.which("ffmpeg"):  # it will not import without
        from museval.metrics import bss_eval  # noqa: PLC0415 - optional

        sources, estimates = reference[None, :, None], estimate[None, :, None]
        found["museval (v3, whole signal)"] = lambda: bss_eval(
            sources, estimates, window=np.inf, bsseval_sources_version=True
        )
    if importlib.util.find_spec("fast_bss_eval"):
        import fast_bss_eval  # noqa: PLC0415 - optional

        found["fast_bss_eval (numpy)"] = lambda: fast_bss_eval.sdr(reference[None], estimate[None])
    if importlib.util.find_spec("torchmetrics"):
        from torchmetrics.functional.audio import signal_distortion_ratio  # noqa: PLC0415 - optional

        tensors = torch.from_numpy(estimate), torch.from_numpy(reference)
        found["torchmetrics (one pair)"] = lambda: signal_distortion_ratio(*tensors)
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # mir_eval announces that its separation module will go
    main()
