from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import InputError
from mn_dataset.mix.draw import draw


def test_a_recording_is_covered_evenly(tiny):
    """Starts come from a low-discrepancy sequence: no third of a long noise is left out."""
    recipes = draw(tiny, split="train", snr_db=(5,), per_cell=30)
    starts = defaultdict(list)
    for recipe in recipes:
        layer = recipe.layer("noise")
        if layer.source_id.endswith("_1"):  # the long one of each class
            starts[layer.source_id].append(layer.start / (2.8 * 44_100 - recipe.num_samples))
    for places in starts.values():
        thirds = Counter(int(3 * place) for place in places)
        assert min(thirds[third] for third in range(3)) >= 0.8 * len(places) / 3


def test_a_split_named_twice_is_drawn_once(tiny):
    """Ids stay unique."""
    assert draw(tiny, split=["test", "test"]) == draw(tiny, split="test")


def test_a_split_without_recordings_is_named(damaged):
    """An empty split column is not silently an empty dataset."""
    root = damaged()
    for role in ("clean", "noise"):
        path = root / f"{role}.csv"
        path.write_text(path.read_text().replace(",test,", ",,"))

    with pytest.raises(InputError, match=r"'test'.*mn split"):
        draw(open_corpus(root), split="test")
