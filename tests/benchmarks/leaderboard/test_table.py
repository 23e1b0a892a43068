from __future__ import annotations

import time
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard.table import COLUMNS, leaderboard
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES

DENOISERS = {"noisy": "reference", "mask": "oracle", **{f"d{item}": "blind" for item in range(6)}}
METRICS = {name: name != "lsd" for name in ("snr", "si_sdr", "sdr", "nsdr", "pesq", "stoi", "lsd")}


def run_json() -> dict[str, Any]:
    return {
        "seed": 0,
        "denoisers": [{"name": name, "rank_group": group} for name, group in DENOISERS.items()],
        "metrics": [{"name": name, "higher_is_better": up} for name, up in METRICS.items()],
    }


def tables(snrs: tuple[float, ...] = (0.0, 5.0, 10.0)) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make scores of 9 categories × 5 classes × SNRs × 2 mixtures, 8 denoisers, 7 metrics."""
    rng = np.random.default_rng(0)
    cells = [
        (category, noise_class, snr, copy)
        for category in MUSIC_CATEGORIES
        for noise_class in NOISE_CLASSES
        for snr in snrs
        for copy in range(2)
    ]
    scores, mixtures = [], []
    for index, (category, noise_class, snr, copy) in enumerate(cells):
        name = f"test/{index:06d}"
        clean, noise = f"clean/{category}/{copy}", f"noise/{noise_class}/{copy}"
        mixtures.append((name, clean, noise, clean, noise, 441_000, 44_100))
        for place, denoiser in enumerate(DENOISERS):
            for metric in METRICS:
                value = snr + place + rng.normal()
                row = (name, "denoise", denoiser, "1", "clean", metric, value, "ok")
                scores.append((*row, category, noise_class, snr, "test"))
    keys = ("mixture_id", "task", "denoiser", "revision", "target", "metric", "value", "reason")
    facts = ("music_category", "noise_class", "snr_db", "split")
    ids = ("mixture_id", "clean_id", "noise_id", "clean_cluster", "noise_cluster")
    return (
        pd.DataFrame(scores, columns=[*keys, *facts]),
        pd.DataFrame(mixtures, columns=[*ids, "num_samples", "sampling_rate"]),
    )


def test_the_whole_board_of_270_mixtures_takes_seconds() -> None:
    """270 mixtures × 8 denoisers × 7 metrics make a board of every cell in under 10 s."""
    scores, mixtures = tables()

    began = time.perf_counter()
    board = leaderboard(scores, mixtures, run_json())
    elapsed_s = time.perf_counter() - began

    assert elapsed_s < 10.0
    assert list(board.columns) == list(COLUMNS)
    # The whole, 5 classes, 9 categories, 3 SNRs, and each class at each SNR.
    assert len(board) == (1 + 5 + 9 + 3 + 15) * 8 * 7
    assert not board.duplicated(["denoiser", *COLUMNS[1:5]]).any()


def test_a_cell_is_the_mean_of_its_mixtures() -> None:
    """Every cell's mean, median and delta are those that pandas finds."""
    scores, mixtures = tables()
    board = leaderboard(scores, mixtures, run_json(), replicates=50)

    row = board[
        (board["denoiser"] == "d3")
        & (board["noise_class"] == "crowd")
        & (board["snr_db"] == "5")
        & (board["metric"] == "sdr")
    ].iloc[0]

    cell = scores[
        (scores["noise_class"] == "crowd") & (scores["snr_db"] == 5) & (scores["metric"] == "sdr")
    ]
    values = cell[cell["denoiser"] == "d3"]["value"]
    noisy = cell[cell["denoiser"] == "noisy"]["value"]
    assert row["n"] == 18
    # Sums of 18 numbers, in another order.
    assert row["mean"] == pytest.approx(values.mean(), abs=1e-12)
    assert row["median"] == pytest.approx(values.median(), abs=1e-12)
    assert row["delta"] == pytest.approx(values.mean() - noisy.mean(), abs=1e-12)
    assert row["ci_low"] < row["mean"] < row["ci_high"]


def test_planted_order_is_the_order_of_the_ranks() -> None:
    """Denoisers a decibel apart are ranked in that order; reference and oracle are not ranked."""
    scores, mixtures = tables()
    board = leaderboard(scores, mixtures, run_json())

    whole = board[(board["metric"] == "si_sdr") & (board[list(COLUMNS[1:4])] == "all").all(axis=1)]
    ranks = whole.set_index("denoiser")["rank"]

    assert ranks.drop(["noisy", "mask"]).tolist() == [6, 5, 4, 3, 2, 1]
    assert ranks[["noisy", "mask"]].isna().all()


def test_the_order_of_the_rows_does_not_matter() -> None:
    """Shuffled scores give the same board."""
    scores, mixtures = tables((0.0,))

    board = leaderboard(scores, mixtures, run_json(), replicates=50)
    shuffled = leaderboard(
        scores.sample(frac=1.0, random_state=1),
        mixtures.sample(frac=1.0, random_state=2),
        run_json(),
        replicates=50,
    )

    pd.testing.assert_frame_equal(shuffled, board)


def test_snrs_drawn_from_a_range_are_told_in_steps() -> None:
    """When every mixture has an SNR of its own, cells are steps of 5 dB."""
    scores, mixtures = tables(tuple(np.linspace(-4.0, 11.0, 16)))

    board = leaderboard(scores, mixtures, run_json(), replicates=20)

    assert board["snr_db"].unique().tolist() == ["all", "-5..0", "0..5", "5..10", "10..15"]


def test_without_the_noisy_row_there_is_no_difference_to_it() -> None:
    """A run without the baseline has means, intervals and ranks, but no delta."""
    scores, mixtures = tables((0.0,))
    run = run_json()
    run["denoisers"] = run["denoisers"][1:]

    board = leaderboard(scores, mixtures, run, replicates=50)

    assert board["delta"].isna().all()
    assert board["p_value"].isna().all()
    assert board["ci_low"].notna().any()
