"""Boards of equal denoisers on the crossing of a built test split: how often does one stand out?

``crossing.csv`` has the recordings of the open corpus's test split as built: 270 mixtures of 19
groups of clips and 17 noises. Every denoiser draws effects of its own, alike in distribution.
"""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.leaderboard.crossed import crossed, estimate
from benchmarks.leaderboard.inference import SIGNIFICANT, two_sided

DENOISERS = 17
PAIRS = np.array(list(combinations(range(DENOISERS), 2)))


@pytest.fixture(scope="session")
def split() -> pd.DataFrame:
    """The mixtures of the split: their recordings and labels."""
    return pd.read_csv(Path(__file__).with_name("crossing.csv"))


@pytest.mark.parametrize(
    ("facet", "label"),
    [("noise_class", "stationary"), ("noise_class", "weather"), ("category", "song")],
)
def test_equal_denoisers_are_ranked_apart_no_oftener_than_promised(
    split, simulate, facet: str, label: str
) -> None:
    """Of boards with three or four recordings of a kind, one in twenty finds a false best."""
    cell = split[split[facet] == label]
    recordings = tuple(np.unique(cell[kind], return_inverse=True)[1] for kind in ("clip", "noise"))
    values = simulate(recordings, (1.0, 1.0, 0.3, 0.3), 100 * DENOISERS)
    boards = values.reshape(len(cell), 100, DENOISERS)
    gains = (boards[:, :, PAIRS[:, 0]] - boards[:, :, PAIRS[:, 1]]).reshape(len(cell), -1)

    p_values = two_sided(estimate(gains, crossed(*recordings))).reshape(100, -1)

    false = (p_values.min(axis=1) * len(PAIRS) < SIGNIFICANT).mean()
    # A rate of 5 % gives 13 or fewer of 100 in all but 1 of 3000 cases; it was 16 to 73.
    assert false <= 0.13


def test_a_cell_is_ranked_where_it_holds_enough_recordings(split) -> None:
    """Noise classes of three noises are, categories of two clips and their crossings are not."""

    def resolved(cell: pd.DataFrame) -> bool:
        crossing = crossed(cell["clip"].to_numpy(), cell["noise"].to_numpy())
        return crossing is not None and crossing.resolved

    assert resolved(split)
    assert split.groupby("noise_class")[split.columns].apply(resolved).all()
    by_category = split.groupby("category")[split.columns].apply(resolved)
    assert by_category[by_category].index.tolist() == ["multi_instrument", "song"]
    assert not split.groupby(["category", "noise_class"])[split.columns].apply(resolved).any()
