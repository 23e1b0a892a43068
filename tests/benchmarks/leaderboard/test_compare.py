from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard.compare import COLUMNS, compare
from mn_dataset.errors import DatasetError

METRICS = {"si_sdr": 1, "lsd": 1}
FACTS = {
    "task": "denoise",
    "target": "clean",
    "reason": "ok",
    "noise_class": "crowd",
    "music_category": "harp",
    "snr_db": 5.0,
}


def write_run(
    root: Path,
    gains: dict[str, float],
    *,
    revisions: dict[str, str] | None = None,
    metrics: dict[str, int] | None = None,
    mixtures: range = range(24),
    seed: int = 0,
    **facts: Any,
) -> Path:
    """Write what is compared of a run: each denoiser adds its gain to what all runs share."""
    versions = METRICS if metrics is None else metrics
    shared = np.random.default_rng(9).normal(size=(100, 2))
    own = np.random.default_rng(seed)
    scores, places = [], []
    for index in mixtures:
        name = f"test/{index:03d}"
        clean, noise = f"c{index % 6}", f"n{index // 6 % 4}"
        place = {"clean_id": clean, "noise_id": noise, "num_samples": 8000, "sampling_rate": 8000}
        clusters = {"clean_cluster": clean, "noise_cluster": noise}
        places.append({"mixture_id": name, **place, **clusters, **facts})
        for denoiser, gain in gains.items():
            for column, metric in enumerate(versions):
                value = 10.0 * shared[index, column] + gain + 0.1 * own.normal()
                row = {"mixture_id": name, "denoiser": denoiser, "metric": metric}
                scores.append({**row, **FACTS, "value": value})
    root.mkdir()
    pd.DataFrame(scores).to_parquet(root / "scores.parquet")
    pd.DataFrame(places).to_parquet(root / "mixtures.parquet")
    story = {
        "finished": "2024-01-01",
        "denoisers": [
            {"name": name, "revision": (revisions or {}).get(name, "1")} for name in gains
        ],
        "metrics": [
            {"name": name, "version": version, "unit": "dB", "higher_is_better": name != "lsd"}
            for name, version in versions.items()
        ],
    }
    (root / "run.json").write_text(json.dumps(story), encoding="utf-8")
    return root


def test_a_gain_of_half_a_decibel_is_found_under_twenty_of_spread(tmp_path: Path) -> None:
    """Pairing by mixture takes away what both runs share; an unchanged denoiser differs by none."""
    one = write_run(tmp_path / "a", {"noisy": 0.0, "wiener": 1.0}, seed=1)
    other = write_run(tmp_path / "b", {"noisy": 0.0, "wiener": 1.5}, seed=2)

    found = compare(one, other)

    assert list(found.rows.columns) == list(COLUMNS)
    assert found.mixtures == 24
    rows = found.rows.set_index(["metric", "denoiser"])
    wiener = rows.loc[("si_sdr", "wiener")]
    assert wiener["n"] == 24
    assert wiener["difference"] == pytest.approx(wiener["mean_b"] - wiener["mean_a"], abs=1e-12)
    assert 0.4 < wiener["ci_low"] < 0.5 < wiener["ci_high"] < 0.6
    assert wiener["p_value"] < 1e-4
    noisy = rows.loc[("si_sdr", "noisy")]
    assert noisy["ci_low"] < 0.0 < noisy["ci_high"]
    assert noisy["p_value"] > 0.05


def test_a_run_differs_from_itself_by_nothing(tmp_path: Path) -> None:
    """Zero, with an interval of no width and a p-value of one."""
    run = write_run(tmp_path / "a", {"noisy": 0.0})

    rows = compare(run, run).rows

    assert (rows[["difference", "ci_low", "ci_high"]] == 0.0).all(axis=None)
    assert (rows["p_value"] == 1.0).all()


def test_only_common_mixtures_count(tmp_path: Path) -> None:
    """Runs over parts of a dataset are compared where they overlap and both have a value."""
    one = write_run(tmp_path / "a", {"wiener": 0.0}, mixtures=range(20))
    other = write_run(tmp_path / "b", {"wiener": 0.0}, mixtures=range(8, 24))
    scores = pd.read_parquet(other / "scores.parquet")
    lost = (scores["mixture_id"] == "test/010") & (scores["metric"] == "lsd")
    scores.loc[lost, "value"] = np.nan
    scores.to_parquet(other / "scores.parquet")

    found = compare(one, other)

    assert found.mixtures == 12
    assert found.rows.set_index("metric")["n"].to_dict() == {"si_sdr": 12, "lsd": 11}


def test_revisions_and_what_is_not_shared_are_told(tmp_path: Path) -> None:
    """A changed revision stands beside the numbers; the rest is listed."""
    one = write_run(tmp_path / "a", {"wiener": 0.0, "old": 0.0}, revisions={"wiener": "1"})
    other = write_run(
        tmp_path / "b",
        {"wiener": 0.0, "new": 0.0},
        revisions={"wiener": "2"},
        metrics={"si_sdr": 1, "lsd": 2},
    )

    found = compare(one, other)

    assert found.rows[["metric", "denoiser", "revision_a", "revision_b"]].to_numpy().tolist() == [
        ["si_sdr", "wiener", "1", "2"]
    ]
    assert (found.only_a, found.only_b) == (("old",), ("new",))
    assert found.other_versions == ("lsd",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mixtures": range(30, 40)}, r"no mixture in common \(of 24 and 10, 0 have one id"),
        ({"clean_id": "other"}, r"no mixture in common \(of 24 and 24, 24 have one id, but"),
        ({"gains": {"wiener": 0.0}}, "no denoiser in common: noisy against wiener"),
        ({"metrics": {"lsd": 3}}, "no metric in common: si_sdr@1, lsd@1 against lsd@3"),
    ],
)
def test_runs_that_share_nothing_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    """The message says what each holds."""
    one = write_run(tmp_path / "a", {"noisy": 0.0})
    other = write_run(tmp_path / "b", **{"gains": {"noisy": 0.0}, **changes})

    with pytest.raises(DatasetError, match=message):
        compare(one, other)


def test_one_noise_recording_gives_a_difference_without_an_interval(tmp_path: Path) -> None:
    """Under two clusters chance cannot be told; where nobody has a value there is no mean."""
    one = write_run(tmp_path / "a", {"noisy": 0.0, "lost": np.nan}, mixtures=range(6))
    other = write_run(tmp_path / "b", {"noisy": 1.0, "lost": 1.0}, mixtures=range(6))

    rows = compare(one, other).rows.set_index(["metric", "denoiser"])

    assert rows.loc[("lsd", "noisy"), "n"] == 6
    assert np.isfinite(rows.loc[("lsd", "noisy"), "difference"])
    assert rows.loc[("lsd", "noisy"), ["ci_low", "ci_high", "p_value"]].isna().all()
    assert rows.loc[("lsd", "lost"), "n"] == 0
    assert np.isnan(rows.loc[("lsd", "lost"), "difference"])
