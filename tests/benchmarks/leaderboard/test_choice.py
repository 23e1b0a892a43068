from __future__ import annotations

from collections import Counter
from pathlib import Path

from benchmarks.leaderboard.choice import spread
from benchmarks.leaderboard.dataset import read_dataset


def test_examples_are_spread_over_the_classes(dataset: Path) -> None:
    """Half as many examples as mixtures take as many of each class as there are classes."""
    mixtures = read_dataset(dataset).mixtures

    picked = spread(mixtures, 4, seed=0)

    assert Counter(item.noise_class for item in picked) == {"crowd": 2, "traffic": 2}
    assert len({item.music_category for item in picked}) == 2
    assert picked == spread(mixtures, 4, seed=0)
    assert len(spread(mixtures, 40, seed=0)) == len(mixtures)
