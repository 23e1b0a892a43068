"""Whatever a denoiser does, it is reported as exactly that, and the others are unharmed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.leaderboard.run import bench
from mn_dataset import seeds
from mn_dataset.errors import MnError

ROOT = Path(__file__).parents[3]

HEAD = """
import ctypes, os, signal, sys, time
import numpy as np
from benchmarks.contract import DenoiserSpec
"""
BODY = """

class {kind}:
    spec = DenoiserSpec(name="{name}")

    def __call__(self, batch, sampling_rate, *, side=None):
        {does}
"""
DEEDS = {
    "delays": ("misaligned", "return np.roll(batch, 5, axis=-1)"),
    "exits": ("exited", "sys.exit(4)"),
    "halves": ("wrong_level", "return 0.5 * batch"),
    "leaves": ("died", "os._exit(3)"),
    "raises": ("raised", "raise KeyError('no such key')"),
    "reads_nowhere": ("died", "ctypes.string_at(0)"),
    "returns_nan": ("non_finite", "return np.full_like(batch, np.nan)"),
    "shortens": ("wrong_shape", "return batch[..., :-1]"),
    "sleeps": ("timed_out", "time.sleep(600)"),
    "turns": ("inverted", "return -batch"),
}
"""What a denoiser does, and the reason that is to stand in the scores."""


@pytest.fixture
def misbehaving(tmp_path: Path) -> list[str]:
    """A file of denoisers, one for every deed."""
    path = tmp_path / "misbehaving.py"
    classes = [
        BODY.format(kind=name.title(), name=name, does=does) for name, (_, does) in DEEDS.items()
    ]
    path.write_text(HEAD + "".join(classes), encoding="utf-8")
    return [f"{path}:{name.title()}" for name in DEEDS]


def scores_of(dataset: Path, denoisers: list[str], run: Path, **options: Any) -> pd.DataFrame:
    bench(dataset, denoisers, run, metrics=["snr", "si_sdr"], examples=0, **options)
    return pd.read_parquet(run / "scores.parquet")


def test_every_misdeed_is_reported_as_what_it_is(
    build: Callable[..., Path], misbehaving: list[str], tmp_path: Path
) -> None:
    """A typed reason per row, words in the journal, and the scores of those beside it."""
    dataset = build(tmp_path / "dataset", clips=1, noises=1)
    alone = scores_of(dataset, ["noisy", "wiener"], tmp_path / "alone", workers=0)

    beside = scores_of(
        dataset, [*misbehaving, "noisy", "wiener"], tmp_path / "run", workers=1, timeout_s=2.0
    )

    reasons = {name: set(rows["reason"]) for name, rows in beside.groupby("denoiser")}
    assert {name: reasons[name] for name in DEEDS} == {
        name: {reason} for name, (reason, _) in DEEDS.items()
    }
    unharmed = beside[~beside["denoiser"].isin(DEEDS)].reset_index(drop=True)
    pd.testing.assert_frame_equal(unharmed, alone)
    story = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    told = {name: found["told"] for name, found in story["alignment"].items()}
    assert told["delays"] == "the estimates are 5.00 samples late"
    # The noise that is left resembles the clean signal a little.
    assert story["alignment"]["halves"]["gain_db"] == pytest.approx(-6.02, abs=0.3)
    assert told["turns"] == "the estimates are upside down"
    journals = "".join(
        path.read_text(encoding="utf-8") for path in (tmp_path / "run" / "journal").iterdir()
    )
    for words in (
        "ended its process with 3",
        "ended its process by SIGSEGV",
        "took longer than 2 s",
        "exited with 4",
        "no such key",
        "returned shape (1, 1, 3999), expected (1, 1, 4000)",
        "returned NaN",
    ):
        assert words in journals


def test_a_run_that_is_told_to_end_blames_no_denoiser(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    """A process that is ended from outside is an error of the run, and costs no row."""
    path = tmp_path / "ended.py"
    does = "os.kill(os.getpid(), signal.SIGTERM); time.sleep(60)"
    path.write_text(HEAD + BODY.format(kind="Ended", name="ended", does=does), encoding="utf-8")
    dataset = build(tmp_path / "dataset", clips=1, noises=1)

    with pytest.raises(MnError, match="SIGTERM; what was done is safe"):
        scores_of(dataset, [f"{path}:Ended"], tmp_path / "run", workers=2)
    assert not (tmp_path / "run" / "scores.parquet").exists()


COMMAND = """
import sys
from pathlib import Path
from benchmarks.leaderboard.run import bench
bench(
    Path(sys.argv[1]),
    sys.argv[4:],
    Path(sys.argv[2]),
    metrics=["snr", "sdr"],
    workers=2,
    examples=int(sys.argv[3]),
)
"""
SLOW = BODY.format(kind="Slow", name="slow", does="time.sleep(0.03); return batch")


def killed_until_done(
    dataset: Path, run: Path, names: list[str], *, kills: int, examples: int
) -> int:
    """Start the run, kill it at so many random moments, and let it end; return the kills."""
    words = [sys.executable, "-c", COMMAND, str(dataset), str(run), str(examples), *names]
    moments = seeds.generator(0, "test", "kills").uniforms(kills)
    done = 0
    for moment in moments:
        process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.DEVNULL)
        before = lines(run)
        while process.poll() is None and lines(run) == before:
            time.sleep(0.005)
        try:
            process.wait(0.3 * moment)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            done += 1
        process.wait()
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return done


def lines(run: Path) -> int:
    return sum(path.stat().st_size for path in run.glob("journal/*.jsonl"))


def same_scores_after(kills: int, dataset: Path, tmp_path: Path, *, examples: int) -> None:
    path = tmp_path / "slow.py"
    path.write_text(HEAD + SLOW, encoding="utf-8")
    names = ["noisy", "wiener", f"{path}:Slow"]
    bench(dataset, names, tmp_path / "whole", metrics=["snr", "sdr"], workers=1, examples=0)

    done = killed_until_done(dataset, tmp_path / "run", names, kills=kills, examples=examples)

    assert done > kills / 2
    whole, again = (tmp_path / name / "scores.parquet" for name in ("whole", "run"))
    assert again.read_bytes() == whole.read_bytes()


def test_a_run_that_is_killed_and_resumed_has_the_same_scores(
    build: Callable[..., Path], tmp_path: Path
) -> None:
    """In the middle of its work: the same bytes as if it had never been."""
    same_scores_after(1, build(tmp_path / "dataset"), tmp_path, examples=0)


@pytest.mark.stress
def test_twenty_kills_change_nothing(build: Callable[..., Path], tmp_path: Path) -> None:
    """At random moments of a run of 60 mixtures."""
    same_scores_after(20, build(tmp_path / "dataset", clips=12, noises=5), tmp_path, examples=2)
