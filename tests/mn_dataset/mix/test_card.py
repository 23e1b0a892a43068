from __future__ import annotations

import pytest

from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render


@pytest.fixture(scope="module")
def recipes(tiny):
    return draw(tiny, split="test", snr_db=(-5, 5), per_cell=1)


@pytest.fixture(scope="module")
def dataset(tiny, recipes, tmp_path_factory):
    return render(recipes, tiny, tmp_path_factory.mktemp("built") / "one")


def test_the_card_is_made_from_the_data(dataset):
    """Counts, SNRs and licences stand on it."""
    card = (dataset / "README.md").read_text()

    assert "30 mixtures" in card
    assert "| piano | 2 | 2 | 2 | 2 | 2 |" in card
    assert "| CC0-1.0 |" in card
