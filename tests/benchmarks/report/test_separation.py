"""What a run of the task `separate` says of voice and accompaniment, and how its page tells it."""

from __future__ import annotations

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.harness.apply import load_denoiser
from benchmarks.report.summary import read_board
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.tasks.separate import SPEC, TARGETS

FIELD = ("nsdr", "sir", "sar")


@pytest.fixture
def scores(separated: Path) -> pd.DataFrame:
    """The values by denoiser, target, metric and mixture."""
    rows = pd.read_parquet(separated / "scores.parquet")
    return rows.set_index(["denoiser", "target", "metric", "mixture_id"])["value"].sort_index()


@pytest.fixture
def bss_eval() -> Callable[..., Any]:
    """Return mir_eval's SDR, SIR and SAR of every estimate, given both references."""
    separation = pytest.importorskip("mir_eval.separation", reason="mir_eval is not installed")

    def of_both(references: Any, estimates: Any) -> Any:
        with warnings.catch_warnings():
            # deprecated since 0.8; we pin the last version that has it, as the oracle
            warnings.simplefilter("ignore", FutureWarning)
            return separation.bss_eval_sources(references, estimates, compute_permutation=False)

    return of_both


def test_the_default_metrics_are_those_of_the_field(scores: pd.DataFrame) -> None:
    """Each of both targets, on every mixture."""
    assert SPEC.metrics == (*FIELD, "si_sdr", "sdr_v4")
    assert len(scores) == 2 * len(TARGETS) * len(SPEC.metrics) * 6
    assert np.isfinite(scores).all()


def test_nsdr_sir_and_sar_are_those_of_mir_eval(
    separated: Path, scores: pd.DataFrame, bss_eval: Callable[..., Any]
) -> None:
    """Of both targets, given both references and both estimates."""
    dataset = read_dataset(separated.parent / "dataset")
    bend = load_denoiser(f"{separated.parent / 'plugins.py'}:Bend")
    for mixture in dataset.mixtures:
        audio = read_audio(dataset.root, mixture)
        mixed = audio.inputs["mixture"]
        references = np.stack([audio.targets[name][0] for name in TARGETS]).astype(np.float64)
        estimates = bend(mixed[np.newaxis], mixture.sampling_rate, num_targets=2)[0, :, 0].astype(
            np.float64
        )
        sdr, sir, sar, _ = bss_eval(references, estimates)
        # Two estimates that are the same have no SIR of their own; their SDR is the mixture's.
        before, *_ = bss_eval(references, np.stack([mixed[0], mixed[0]]).astype(np.float64))

        for place, target in enumerate(TARGETS):
            ours = [scores["bend", target, metric, mixture.id] for metric in FIELD]

            theirs = [sdr[place] - before[place], sir[place], sar[place]]
            assert ours == pytest.approx(theirs, abs=1e-4)


def test_the_mixture_gains_exactly_nothing(separated: Path, scores: pd.DataFrame) -> None:
    """Its NSDR is 0 dB of either target, and so is its GNSDR."""
    assert (scores["noisy"].xs("nsdr", level="metric") == 0.0).all()
    board = read_board(separated)
    rows = board.rows[(board.rows["denoiser"] == "noisy") & (board.rows["metric"] == "nsdr")]
    assert (rows["weighted_mean"] == 0.0).all()


def test_gnsdr_gsir_and_gsar_are_three_means_weighted_by_length(
    separated: Path, scores: pd.DataFrame
) -> None:
    """By hand from the scores; neither each other's, nor their sum, nor the plain means."""
    mixtures = pd.read_parquet(separated / "mixtures.parquet").set_index("mixture_id")
    board = read_board(separated)
    for target in TARGETS:
        weighted, plain = [], []
        for metric in FIELD:
            values = scores["bend", target, metric]
            lengths = mixtures["num_samples"].loc[values.index]
            rows = board.by("target", metric)
            row = rows[(rows["denoiser"] == "bend") & (rows["target"] == target)].iloc[0]
            expected = (lengths * values).sum() / lengths.sum()
            assert row["weighted_mean"] == pytest.approx(expected, abs=1e-9)
            weighted.append(row["weighted_mean"])
            plain.append(values.mean())
        figures = np.array([*weighted, *plain, sum(weighted)])
        assert (np.abs(np.subtract.outer(figures, figures)) + np.eye(7) > 0.01).all()


def test_the_leaderboard_has_the_figures_of_each_target(separated: Path) -> None:
    """Under the names that people of the field look for, and every metric beside."""
    text = (separated / "leaderboard.md").read_text(encoding="utf-8")
    board = read_board(separated)

    section = text.split("## GNSDR, GSIR, GSAR: means weighted by length")[1]
    lines = [re.split(r"\s*\|\s*", line)[1:-1] for line in section.splitlines()[2:8]]
    assert lines[0] == ["target", "denoiser", "GNSDR [dB] ↑", "GSIR [dB] ↑", "GSAR [dB] ↑"]
    for target, name, *figures in lines[2:]:
        denoiser = name.partition(" ")[0]
        for metric, figure in zip(FIELD, figures, strict=True):
            rows = board.by("target", metric).set_index(["target", "denoiser"])
            assert figure == f"{rows.loc[(target, denoiser), 'weighted_mean']:.2f}"
    assert {line[0] for line in lines[2:]} == set(TARGETS)
    assert "## Every metric: the mean by target\n\n| target " in text
    assert "for other recordings at these ratios: " in text
    assert re.search(r"\| +rank \|.* -5 dB \| +5 dB \|", text)


def test_the_page_has_players_of_the_mixture_both_targets_and_both_estimates(
    separated: Path,
) -> None:
    """Level and file of each, the estimates by target; scores of each target."""
    text = (separated / "index.html").read_text(encoding="utf-8")
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])

    (example,) = data["examples"]
    assert (example["inputs"], example["targets"]) == (["mixture"], list(TARGETS))
    assert set(example["layers"]) == {"mixture", *TARGETS}
    assert {name: set(parts) for name, parts in example["estimates"]["bend"].items()} == {
        target: {"estimate", "residual"} for target in TARGETS
    }
    assert set(example["target_scores"]) == set(TARGETS)
    weighted = {metric["name"]: metric["weighted"] for metric in data["metrics"]}
    assert weighted == {
        "si_sdr": "",
        "nsdr": "GNSDR",
        "sir": "GSIR",
        "sar": "GSAR",
        "sdr_v4": "",
    }
