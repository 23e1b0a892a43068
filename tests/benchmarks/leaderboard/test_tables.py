from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.layers import weights_file
from benchmarks.models.musicecan import MusicEcan
from benchmarks.report.report import report

COLUMNS = [
    *("mixture_id", "task", "denoiser", "revision", "target", "metric", "value", "reason"),
    *("music_category", "noise_class", "snr_db", "split"),
]


def test_a_run_scores_every_mixture_denoiser_and_metric(
    dataset: Path, plugins: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """A run has one row per mixture, denoiser and metric, sorted, with the columns promised."""
    scores = run_of(dataset, ["noisy", f"{plugins}:Half"], tmp_path / "run")

    assert list(scores.columns) == COLUMNS
    assert len(scores) == 6 * 2 * 2
    keys = scores[["mixture_id", "denoiser", "metric"]]
    assert keys.equals(keys.sort_values(list(keys.columns)).reset_index(drop=True))
    assert set(scores[scores["denoiser"] == "noisy"]["reason"]) == {"ok"}
    assert set(scores[scores["denoiser"] == "half"]["reason"]) == {"wrong_level"}
    assert set(scores["target"]) == {"clean"}
    halves = scores[(scores["denoiser"] == "half") & (scores["metric"] == "si_sdr")]["value"]
    whole = scores[(scores["denoiser"] == "noisy") & (scores["metric"] == "si_sdr")]["value"]
    # SI-SDR does not hear a gain; halving a float32 is exact.
    assert halves.tolist() == pytest.approx(whole.tolist(), abs=1e-9)


def test_the_run_keeps_what_its_report_needs_of_the_dataset(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """Clusters are the sources' groups, or the sources themselves; timing is measured."""
    run_of(dataset, ["noisy", "wiener"], tmp_path / "run")

    mixtures = pd.read_parquet(tmp_path / "run" / "mixtures.parquet")
    timing = pd.read_parquet(tmp_path / "run" / "timing.parquet")
    assert set(mixtures["clean_cluster"]) == {"g:clean/0", "g:clean/1", "g:clean/2"}
    assert set(mixtures["noise_cluster"]) == {"noise/0", "noise/1"}
    assert timing["denoiser"].tolist() == ["noisy", "wiener"]
    assert (timing["real_time_factor"] > 0).all()
    assert (timing["real_time_factor_p95"] >= timing["real_time_factor"]).all()
    assert (timing["peak_memory_mb"] > 0).all()
    assert timing["audio_s"].tolist() == [3.0, 3.0]


def test_two_checkpoints_of_a_model_are_two_rows(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """NAME@WEIGHTS stands on the board by that name, with the size of its network."""
    pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")
    names = ["noisy"]
    for seed in (1, 2):
        path = tmp_path / f"seed{seed}.safetensors"
        network = MusicEcan().build(widths=[2, 2], num_tfc=1, seed=seed)
        weights_file.save(path, network, model="musicecan")
        names.append(f"musicecan@{path}")

    run_of(dataset, names, tmp_path / "run", metrics=["snr"])

    report(tmp_path / "run")

    board = pd.read_csv(tmp_path / "run" / "leaderboard.csv")
    assert set(board["denoiser"]) == {"noisy", "musicecan@seed1", "musicecan@seed2"}
    assert (board["n"] > 0).all()
    timing = pd.read_parquet(tmp_path / "run" / "timing.parquet").set_index("denoiser")
    assert timing.loc["musicecan@seed1", "parameters"] > 0
