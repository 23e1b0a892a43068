"""What a run takes beside what it cannot do without, and `sdr` by two workers beside two copies.

    python perf/benching.py [MIXTURES]

The mixtures (270 by default) are of the embedded corpus, five seconds each, with eight denoisers
and the whole metric set of the main job.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import side_by_side
from sdr import pair

from benchmarks.leaderboard.run import bench, cost_text
from benchmarks.leaderboard.run_folder import read_run
from benchmarks.metrics.reference import Truth
from benchmarks.metrics.sdr import sdr
from mn_dataset.catalogue.load import load_corpus
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.workers import cores, each

MIXTURES = 270
DENOISERS = (
    *("noisy", "lowpass_8k", "spectral_subtraction", "wiener"),
    *("mmse_stsa", "mmse_lsa", "omlsa", "oracle_ratio_mask"),
)
PAIRS, ROUNDS = 64, 3
MOST, LEAST = 1.25, 0.9
"""What is asked: of the whole run's time, and of the workers' speed."""


def main() -> None:
    """Print both."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MIXTURES
    workers()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        corpus = load_corpus("synthetic", workers=cores())
        recipes = draw(corpus, split="test", snr_db=(0.0, 5.0, 10.0), count=count, seconds=5.0)
        render(recipes, corpus, place / "dataset", workers=cores())
        bench(place / "dataset", DENOISERS, place / "run", examples=0)
        cost = read_run(place / "run")["cost"]
    inside_s = (cost["denoising_s"] + cost["library_s"]) / cost["processes"]
    print(f"\n## {count} mixtures × {len(DENOISERS)} denoisers, the metrics of the main job\n")
    print(f"{cost_text(cost)} (at most {MOST} is asked)")
    print(f"time inside per process {inside_s:.1f} s, wall clock {cost['wall_s']:.1f} s")


def score(reference: np.ndarray, estimate: np.ndarray, pairs: int) -> float:
    """Score several pairs and return the last."""
    return [sdr(estimate, Truth(reference, SAMPLING_RATE)).value for _ in range(pairs)][-1]


def by_pool(reference: np.ndarray, estimate: np.ndarray) -> None:
    """Score all pairs by two workers that are handed four at a time."""
    pieces = [(reference, estimate, 4)] * (PAIRS // 4)
    list(each(score, pieces, workers=2, ordered=False))


def by_copies(reference: np.ndarray, estimate: np.ndarray) -> None:
    """Score all pairs by two processes that know nothing of each other."""
    side_by_side.at_a_time(score, [(reference, estimate, PAIRS // 2)] * 2)


def workers() -> None:
    """Time two workers beside two independent copies."""
    jobs = {
        "two workers": lambda: by_pool(*pair()),
        "two independent copies": lambda: by_copies(*pair()),
    }
    taken = side_by_side.seconds(jobs, rounds=ROUNDS)
    ratio = taken["two independent copies"] / taken["two workers"]
    rows = [(name, f"{PAIRS / seconds:.1f}") for name, seconds in taken.items()]
    side_by_side.table("sdr of 5-second pairs", ("", "pairs per second"), rows)
    print(f"\ntwo workers are {ratio:.2f} as fast as two copies (at least {LEAST} is asked)")


if __name__ == "__main__":
    main()
