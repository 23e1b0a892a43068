"""A run tells its time beside what it cannot do without."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.leaderboard.run import bench


def test_a_run_counts_the_time_of_denoisers_and_libraries(dataset: Path, tmp_path: Path) -> None:
    """Both are within the wall clock; a run that had nothing to do keeps what was told."""
    for _ in range(2):
        bench(
            dataset, ["noisy", "wiener"], tmp_path / "run", metrics=["stoi"], workers=0, examples=0
        )

    cost = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["cost"]
    assert (cost["estimates"], cost["processes"]) == (12, 1)
    assert 0 < cost["denoising_s"] + cost["library_s"] < cost["wall_s"]
    assert cost["library_s"] > 0
