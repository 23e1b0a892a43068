from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.leaderboard.score_matrix import Scores, arrange
from benchmarks.leaderboard.selection import hardest, spread, worst_clips
from mn_dataset.mix.dataset import read_dataset
from mn_dataset.tasks.denoise import SPEC


def test_examples_are_spread_over_the_classes(dataset: Path) -> None:
    """Half as many examples as mixtures take as many of each class as there are classes."""
    mixtures = read_dataset(dataset).mixtures

    picked = spread(mixtures, 4, seed=0)

    assert Counter(item.labels[0] for item in picked) == {"crowd": 2, "traffic": 2}
    assert len({item.labels[1] for item in picked}) == 2
    assert picked == spread(mixtures, 4, seed=0)
    assert len(spread(mixtures, 40, seed=0)) == len(mixtures)


NAN = float("nan")


def scores(values: list[float]) -> Scores:
    """Scores of one denoiser on mixtures of two noise classes, two each, at one SNR."""
    names = [f"test/{place}" for place in range(len(values))]
    rows = pd.DataFrame(
        {
            "mixture_id": names,
            "denoiser": "wiener",
            "target": "clean",
            "metric": "si_sdr",
            "value": values,
            "music_category": "harp",
            "noise_class": [*"cctt"],
            "snr_db": 0.0,
        }
    )
    mixtures = pd.DataFrame(
        {
            "mixture_id": names,
            "clean_cluster": [*"abab"],
            "noise_cluster": [*"xxyy"],
            "num_samples": 8000,
            "sampling_rate": 8000,
        }
    )
    return arrange([rows], mixtures, task=SPEC, denoisers=["wiener"], metrics=["si_sdr"])


@pytest.mark.parametrize(("higher_is_better", "places"), [(True, (1, 2)), (False, (0, 3))])
def test_the_worst_clip_follows_the_metric_s_direction(
    higher_is_better: bool, places: tuple[int, int]
) -> None:
    """The lowest where more is better, the highest where less is; of each noise class one."""
    found = worst_clips(
        scores([9.0, 1.0, 2.0, 8.0]),
        {"wiener": 0},
        metric="si_sdr",
        higher_is_better=higher_is_better,
    )

    assert found == {("wiener", "c", "0"): places[0], ("wiener", "t", "0"): places[1]}


def test_what_has_no_value_is_nobody_s_worst_clip() -> None:
    """A failure is told as one, and a cell of failures has no worst clip."""
    found = worst_clips(
        scores([NAN, 3.0, NAN, NAN]),
        {"wiener": 0},
        metric="si_sdr",
        higher_is_better=True,
    )

    assert found == {("wiener", "c", "0"): 1}


def test_the_hardest_are_those_that_most_denoisers_fail_on_of_every_class() -> None:
    """A class takes its turn before another one is heard twice, however hard that is."""
    worst = {(name, "c", "0"): 0 for name in "abc"} | {(name, "c", "5"): 1 for name in "ab"}
    worst |= {("a", "t", "0"): 7}

    assert hardest(worst, 2) == [0, 7]
    assert hardest(worst, 3) == [0, 7, 1]
