from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard import run_folder
from benchmarks.leaderboard.score_matrix import arrange, read_scores
from mn_dataset.tasks.denoise import SPEC

FACTS = {
    "task": "denoise",
    "target": "clean",
    "music_category": "harp",
    "noise_class": "crowd",
    "snr_db": 5.0,
}
DENOISERS, METRICS = ["noisy", "wiener"], ["snr", "lsd"]


def rows(mixtures: int) -> pd.DataFrame:
    """Scores that tell where they belong: mixture, denoiser, metric as hundreds, tens, ones."""
    return pd.DataFrame(
        {
            "mixture_id": f"test/{mixture}",
            "denoiser": denoiser,
            "metric": metric,
            "value": 100.0 * mixture + 10.0 * column + place,
            **FACTS,
        }
        for mixture in range(mixtures)
        for column, denoiser in enumerate(DENOISERS)
        for place, metric in enumerate(METRICS)
    )


def mixtures(count: int) -> pd.DataFrame:
    names = [f"test/{mixture}" for mixture in range(count)]
    clusters = {"clean_cluster": names, "noise_cluster": "noise/0"}
    return pd.DataFrame(
        {"mixture_id": names, **clusters, "num_samples": 8000, "sampling_rate": 8000}
    )


def test_every_value_has_its_place() -> None:
    """A mixture is a row, a denoiser a column, a metric a matrix; in the order asked for."""
    found = arrange(
        [rows(3)], mixtures(3), task=SPEC, denoisers=["wiener", "noisy"], metrics=METRICS
    )

    assert found.values["snr"].tolist() == [[10, 0], [110, 100], [210, 200]]
    assert found.values["lsd"].tolist() == [[11, 1], [111, 101], [211, 201]]
    assert found.ids == ("test/0", "test/1", "test/2")
    assert found.cluster_counts == (3, 1)


def test_what_was_not_asked_for_is_passed_over() -> None:
    """Scores of other denoisers, metrics and mixtures are nobody's."""
    found = arrange([rows(3)], mixtures(2), task=SPEC, denoisers=["noisy"], metrics=["snr"])

    assert {name: values.tolist() for name, values in found.values.items()} == {"snr": [[0], [100]]}


def test_means_are_taken_off_by_class_and_number_where_noises_are_left_to_compare() -> None:
    """Which cells a mixture is of follows from its noise class and SNR, of those in question."""
    classes, noises = np.repeat(["crowd", "weather"], 8), np.arange(16) // 4
    scored = rows(16).assign(
        noise_class=np.repeat(classes, 4), snr_db=np.repeat(5.0 * (np.arange(16) % 2), 4)
    )
    facts = mixtures(16).assign(noise_cluster=noises, clean_cluster=np.arange(16) // 2 % 4)
    facts["mixture_id"] = [f"test/{number}" for number in range(16)]
    found = arrange([scored], facts, task=SPEC, denoisers=DENOISERS, metrics=METRICS)
    order = [int(name.removeprefix("test/")) for name in found.ids]
    whole, crowd = np.ones(16, dtype=bool), np.isin(order, range(8))

    both = found.crossings(whole)(whole)
    one_class = found.crossings(crowd)(np.ones(8, dtype=bool))
    single_noises = found.crossings(whole)(np.isin(order, [*range(4), *range(8, 12)]))

    assert both is not None
    assert one_class is not None
    assert single_noises is not None
    assert both.cell.tolist() == [2 * (number // 8) + number % 2 for number in order]
    assert one_class.cell.tolist() == [number % 2 for number in order if number < 8]
    assert single_noises.cell.tolist() == [n % 2 for n in order if n % 8 < 4]


def test_a_mixture_without_scores_is_left_out() -> None:
    """Nobody knows of what kind it is; the others keep their ids and values."""
    scored = rows(3)
    scored = scored[scored["mixture_id"] != "test/1"]

    found = arrange([scored], mixtures(3), task=SPEC, denoisers=["noisy"], metrics=["snr"])

    assert found.ids == ("test/0", "test/2")
    assert found.values["snr"].tolist() == [[0], [200]]


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_scores_read_in_parts_are_those_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """However many rows are read at a time, and wherever that parts a mixture."""
    monkeypatch.setattr(run_folder, "_ROWS", size)
    rows(5).to_parquet(tmp_path / "scores.parquet")
    mixtures(5).to_parquet(tmp_path / "mixtures.parquet")

    found = read_scores(tmp_path, denoisers=DENOISERS, metrics=METRICS)

    whole = arrange([rows(5)], mixtures(5), task=SPEC, denoisers=DENOISERS, metrics=METRICS)
    for metric in METRICS:
        np.testing.assert_array_equal(found.values[metric], whole.values[metric])
    assert found.ids == whole.ids
