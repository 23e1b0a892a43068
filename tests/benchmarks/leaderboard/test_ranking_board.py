from __future__ import annotations

import time
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard.aggregation import Leaderboard, leaderboard
from benchmarks.leaderboard.score_matrix import arrange
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES
from mn_dataset.tasks.denoise import SPEC

PLACE = ("noise_class", "music_category", "snr_db")
COLUMNS = (
    *("denoiser", *PLACE, "metric", "n", "mean", "median", "ci_low", "ci_high", "delta"),
    *("p_value", "rank", "rank_high", "weighted_mean", "worst_case", "p10", "worst"),
    *("won", "tied", "lost", "without_low", "without_high", "carried_by", "resolved"),
)
DUELS = (
    *("metric", *PLACE, "better", "worse", "n"),
    *("difference", "ci_low", "ci_high", "p_value", "detectable", "equal"),
)
DENOISERS = {"noisy": "reference", "mask": "oracle", **{f"d{item}": "blind" for item in range(6)}}
METRICS = {name: name != "lsd" for name in ("snr", "si_sdr", "sdr", "nsdr", "pesq", "stoi", "lsd")}


def run_json() -> dict[str, Any]:
    return {
        "seed": 0,
        "denoisers": [{"name": name, "rank_group": group} for name, group in DENOISERS.items()],
        "metrics": [{"name": name, "higher_is_better": up} for name, up in METRICS.items()],
    }


@cache
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
        clean = f"clean/{category}/{copy}"
        noise = f"noise/{noise_class}/{copy + 2 * (snr == 5)}"
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


def board_of(scores: pd.DataFrame, mixtures: pd.DataFrame, run: dict[str, Any]) -> Leaderboard:
    names, metrics = ([item["name"] for item in run[key]] for key in ("denoisers", "metrics"))
    return leaderboard(
        arrange([scores], mixtures, task=SPEC, denoisers=names, metrics=metrics), run
    )


@cache
def whole_board() -> Leaderboard:
    return board_of(*tables(), run_json())


def test_the_whole_board_of_270_mixtures_takes_seconds() -> None:
    """270 mixtures × 8 denoisers × 7 metrics make every cell of a board in 10 s of one core."""
    scores, mixtures = tables()

    began = time.process_time()
    board = board_of(scores, mixtures, run_json()).rows
    elapsed_s = time.process_time() - began

    assert elapsed_s < 10.0
    assert list(board.columns) == list(COLUMNS)
    # Every noise class, music category and SNR, and all of each.
    assert len(board) == 6 * 10 * 4 * 8 * 7
    assert not board.duplicated(["denoiser", *COLUMNS[1:5]]).any()


def test_a_cell_is_the_mean_of_its_mixtures() -> None:
    """Every cell's mean, median and delta are those that pandas finds."""
    scores, board = tables()[0], whole_board().rows

    row = board[
        (board["denoiser"] == "d3")
        & (board["noise_class"] == "crowd")
        & (board["music_category"] == "all")
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
    board = whole_board().rows

    whole = board[(board["metric"] == "si_sdr") & (board[list(COLUMNS[1:4])] == "all").all(axis=1)]
    ranks = whole.set_index("denoiser")["rank"]

    assert ranks.drop(["noisy", "mask"]).tolist() == [6, 5, 4, 3, 2, 1]
    assert ranks[["noisy", "mask"]].isna().all()


def test_the_order_of_the_rows_does_not_matter() -> None:
    """Shuffled scores give the same board."""
    scores, mixtures = tables((0.0,))

    board = board_of(scores, mixtures, run_json()).rows
    shuffled = board_of(
        scores.sample(frac=1.0, random_state=1),
        mixtures.sample(frac=1.0, random_state=2),
        run_json(),
    ).rows

    pd.testing.assert_frame_equal(shuffled, board)


def test_snrs_drawn_from_a_range_are_told_in_steps() -> None:
    """When every mixture has an SNR of its own, cells are steps of 5 dB."""
    scores, mixtures = tables(tuple(np.linspace(-4.0, 11.0, 16)))

    board = board_of(scores, mixtures, run_json()).rows

    assert board["snr_db"].unique().tolist() == ["all", "-5..0", "0..5", "5..10", "10..15"]


def test_without_the_noisy_row_there_is_no_difference_to_it() -> None:
    """A run without the baseline has means, intervals and ranks, but no delta."""
    scores, mixtures = tables((0.0,))
    run = run_json()
    run["metrics"] = run["metrics"][:1]
    whole = board_of(scores, mixtures, run).rows
    run["denoisers"] = run["denoisers"][1:]

    board = board_of(scores, mixtures, run).rows

    assert board["delta"].isna().all()
    assert board["p_value"].isna().all()
    others = whole[whole["denoiser"] != "noisy"].reset_index(drop=True)
    kept = ["denoiser", "mean", "ci_low", "ci_high", "rank", "rank_high"]
    pd.testing.assert_frame_equal(board[kept], others[kept])
    assert board["ci_low"].notna().any()


def test_the_cube_has_a_cell_for_every_class_category_and_snr() -> None:
    """Each with its own n; the cells of a cube add up to the whole."""
    board = whole_board().rows

    rows = board[(board["metric"] == "sdr") & (board["denoiser"] == "d0")]
    cube = rows[(rows[list(PLACE)] != "all").all(axis=1)]

    assert len(cube) == 9 * 5 * 3
    assert set(cube["n"]) == {2}
    assert cube["n"].sum() == rows["n"].max() == 270
    # One music category with one noise class: as many mixtures as SNRs times two.
    both = rows[(rows["noise_class"] == "crowd") & (rows["music_category"] == "harp")]
    assert both.set_index("snr_db")["n"].to_dict() == {"all": 6, "0": 2, "5": 2, "10": 2}


def test_duels_are_told_for_all_mixtures_and_by_each_facet_alone() -> None:
    """Every pair of ranked denoisers, in each metric; not by category, of two clips each."""
    duels = whole_board().duels

    assert list(duels.columns) == list(DUELS)
    fixed = (duels[list(PLACE)] != "all").sum()
    pairs = 15 * 7
    assert fixed.tolist() == [5 * pairs, 0, 3 * pairs]
    assert len(duels) == 9 * pairs
    first = duels[(duels["metric"] == "si_sdr") & (duels[list(PLACE)] == "all").all(axis=1)]
    assert set(first.loc[first["worse"] == "d4", "better"]) == {"d5"}
    assert (first["p_value"] < 0.05).all()


def test_a_cell_of_too_few_recordings_is_not_resolved() -> None:
    """Two clips of a category make no ranks, and no pairs; four noises of a class do."""
    rows = whole_board().rows
    alone = (rows[list(PLACE)] != "all").sum(axis=1) == 1

    assert rows.loc[alone & (rows["noise_class"] != "all"), "resolved"].all()
    category = rows[alone & (rows["music_category"] != "all")]
    assert not category["resolved"].any()
    assert category[["rank", "rank_high"]].isna().all(axis=None)
    assert category["ci_low"].notna().all()


def test_without_a_ranked_pair_there_are_no_duels() -> None:
    """One denoiser alone has a rank, and nobody to beat."""
    scores, mixtures = tables((0.0,))
    run = run_json()
    run["denoisers"] = run["denoisers"][:3]

    found = board_of(scores, mixtures, run)

    assert found.duels.empty
    assert list(found.duels.columns) == list(DUELS)
    assert set(found.rows.loc[found.rows["denoiser"] == "d0", "rank_high"].dropna()) == {1}
