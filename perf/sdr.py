"""Milliseconds per `sdr` of one 5-second pair on one core, beside other implementations."""

from __future__ import annotations

import importlib.util
import shutil
import warnings
from collections.abc import Callable

import numpy as np
import side_by_side

from benchmarks.metrics.projection import sdr
from benchmarks.metrics.truth import Truth
from mn_dataset import seeds
from mn_dataset.records import SAMPLING_RATE

REPEATS = 8
ROUNDS = 7


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
    """Print the table; implementations that are not installed are left out by name."""
    reference, estimate = pair()
    remembered = Truth(reference, SAMPLING_RATE)
    jobs: dict[str, Callable[[], object]] = {
        "ours": lambda: sdr(estimate, Truth(reference, SAMPLING_RATE)),
        "ours, one more estimate of a known reference": lambda: sdr(estimate, remembered),
        **others(reference, estimate),
    }
    repeated = {name: repeat(job) for name, job in jobs.items()}
    taken = side_by_side.seconds(repeated, rounds=ROUNDS)
    rows = [
        (name, f"{1e3 * taken[name] / REPEATS:.1f}", f"{taken[name] / taken['ours']:.1f}")
        for name in jobs
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
        import torch  # noqa: PLC0415 - optional
        from torchmetrics.functional.audio import signal_distortion_ratio  # noqa: PLC0415 - optional

        torch.set_num_threads(1)
        tensors = torch.from_numpy(estimate), torch.from_numpy(reference)
        found["torchmetrics (one pair)"] = lambda: signal_distortion_ratio(*tensors)
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # mir_eval announces that its separation module will go
    main()
