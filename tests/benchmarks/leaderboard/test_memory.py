"""What `mn bench` holds in memory does not grow with the dataset."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STATUS = Path("/proc/self/status")
# The peak of a process is read where the kernel keeps it for this program alone: what `resource`
# tells begins at the peak of whoever started it, so of a worker's it tells the larger of the two.
MEASURED = f"""
import json, resource, sys
from pathlib import Path
from benchmarks.cli import main
try:
    main()
except SystemExit as ended:
    told = Path("{STATUS}").read_text().partition("VmHWM:")[2]
    own, children = int(told.split()[0]), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(json.dumps([ended.code, own, max(own, children)]), file=sys.stderr)
"""
DENOISERS = "noisy,lowpass_8k,resample_16k,spectral_subtraction,wiener,mmse_lsa"
OPTIONS = ["--denoisers", DENOISERS, "--metrics", "si_sdr,snr,nsdr,lsd"]


def peaks(dataset: Path, run: Path) -> tuple[int, int]:
    """Return the peaks in kB of the command's own process, and of its largest."""
    words = ["bench", str(dataset), *OPTIONS, "--workers", "2", "--out", str(run)]
    command = [sys.executable, "-c", MEASURED, *words]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    code, own, largest = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return own, largest


@pytest.mark.stress
@pytest.mark.skipif(not STATUS.is_file(), reason="only Linux tells the peak of a program alone")
def test_ten_times_the_mixtures_take_a_tenth_more_memory_at_most(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    """The whole command, its report too, on 270 and on 2700 mixtures; each process."""
    few_dataset = build(tmp_path / "few", clips=54, noises=5)
    many_dataset = build(tmp_path / "many", clips=54, noises=50)

    few, few_largest = peaks(few_dataset, tmp_path / "few-run")
    many, many_largest = peaks(many_dataset, tmp_path / "many-run")

    assert many < 1.1 * few
    assert many_largest < 1.1 * few_largest
