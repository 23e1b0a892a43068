"""A hundred thousand inputs at every door: nothing comes out but errors of the toolkit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PERF = ROOT / "perf"
TARGETS = ("archive", "audio", "parquet", "table", "weights")
FEW, MANY, HOUR = 300, 100_000, 3600

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


@pytest.fixture
def perf(monkeypatch):
    """Return a function that imports a module of perf/."""
    monkeypatch.syspath_prepend(PERF)
    return import_module


def fuzzed(target, number, folder):
    """Run a target in a process of its own; return what it says at its end."""
    words = [sys.executable, PERF / "fuzz.py", target, str(number), "0", folder]
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    done = subprocess.run(
        words, capture_output=True, text=True, env=surroundings, timeout=HOUR, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_all_targets_are_tried(perf):
    assert sorted(perf("fuzz_targets").TARGETS) == sorted(TARGETS)


@pytest.mark.parametrize("target", TARGETS)
def test_a_few_hundred_inputs_are_read_or_refused(target, tmp_path):
    pytest.importorskip("torch", reason="the extra `torch` is not installed")
    assert fuzzed(target, FEW, tmp_path)["inputs"] == FEW


@pytest.mark.stress
@pytest.mark.parametrize("target", TARGETS)
def test_a_hundred_thousand_inputs_are_read_or_refused(perf, target, tmp_path):
    pytest.importorskip("torch", reason="the extra `torch` is not installed")
    told = fuzzed(target, MANY, tmp_path)
    perf("robustness").record_fuzzing(told)
    assert told["inputs"] == MANY
