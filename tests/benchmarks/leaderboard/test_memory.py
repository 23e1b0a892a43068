"""What a run holds in memory does not grow with the dataset."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MEASURED = """
import json, resource, sys
from pathlib import Path
from benchmarks.leaderboard.run import bench
names = ["noisy", "lowpass_8k"]
bench(Path(sys.argv[1]), names, Path(sys.argv[2]), metrics=["snr", "si_sdr"], workers=2, examples=0)
whose = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
print(json.dumps([resource.getrusage(who).ru_maxrss for who in whose]))
"""


@pytest.mark.stress
def test_ten_times_the_mixtures_take_a_tenth_more_memory_at_most(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    """The peak of 270 and of 2700 mixtures, of the command's process and of its workers."""
    peaks = []
    for clips, noises in ((54, 5), (54, 50)):
        dataset = build(tmp_path / f"dataset{noises}", clips=clips, noises=noises)
        words = [sys.executable, "-c", MEASURED, str(dataset), str(tmp_path / f"run{noises}")]
        done = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True)
        peaks.append(json.loads(done.stdout))

    (few, few_worker), (many, many_worker) = peaks
    assert many < 1.1 * few
    assert many_worker < 1.1 * few_worker
