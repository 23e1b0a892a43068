from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.leaderboard.evaluate import cost_s


def test_a_failing_denoiser_costs_its_own_rows_only(
    dataset: Path,
    plugins: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """Where a denoiser raises, its scores are NaN with a reason and the journal tells what."""
    scores = run_of(dataset, [f"{plugins}:Breaking", "noisy"], tmp_path / "run")

    broken = scores[scores["reason"] == "raised"]
    assert 0 < len(broken) < 12
    assert set(broken["denoiser"]) == {"breaking"}
    assert broken["value"].isna().all()
    assert not scores[scores["denoiser"] == "noisy"]["value"].isna().any()
    journal = next((tmp_path / "run" / "journal").glob("breaking-*.jsonl"))
    assert "odd first sample" in journal.read_text(encoding="utf-8")
    failed = run_json(tmp_path / "run")["coverage"]["breaking"]["snr"]["raised"]
    assert failed == len(broken) // 2


@pytest.mark.parametrize("damage", ["missing", "changed", "truncated"])
def test_unreadable_audio_costs_one_row_until_it_is_repaired(
    dataset: Path, tmp_path: Path, damage: str, run_of: Callable[..., pd.DataFrame]
) -> None:
    """A mixture whose file is not the manifest's has a reason, and is tried again later."""
    file = dataset / "audio" / "test" / "001.noisy.wav"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[:-2] + b"\1\2" if damage == "changed" else whole[:1000])

    scores = run_of(dataset, ["noisy"], tmp_path / "run")
    file.write_bytes(whole)
    repaired = run_of(dataset, ["noisy"], tmp_path / "run")

    bad = scores[scores["reason"] == "unreadable_audio"]
    assert set(bad["mixture_id"]) == {"test/001"}
    assert bad["value"].isna().all()
    assert len(scores[scores["reason"] == "ok"]) == 10
    assert set(repaired["reason"]) == {"ok"}


def test_side_information_is_what_the_denoiser_declares(
    dataset: Path,
    plugins: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """An oracle is told the layers of its mixture, and is marked as one."""
    scores = run_of(dataset, [f"{plugins}:Told"], tmp_path / "run")

    assert set(scores["reason"]) == {"saturated"}
    assert run_json(tmp_path / "run")["denoisers"][0]["rank_group"] == "oracle"


def test_waiting_costs_nothing_and_a_program_that_was_started_does() -> None:
    """Processor time: other work on the machine makes an estimate late, but no dearer."""
    began = cost_s("cpu")
    time.sleep(0.3)
    waited = cost_s("cpu") - began
    began = cost_s("cpu")
    subprocess.run([sys.executable, "-c", "sum(range(10_000_000))"], check=True)
    worked = cost_s("cpu") - began
    began = cost_s("cuda")
    time.sleep(0.05)

    assert waited < 0.1
    assert worked > 0.05
    assert cost_s("cuda") - began >= 0.05
