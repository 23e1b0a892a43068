from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from mn_dataset.errors import RecipeError
from mn_dataset.mix.draw import draw


def test_every_cell_has_its_share(tiny):
    """Three categories, five classes, two SNRs, two each: sixty, none more, none less."""
    recipes = draw(tiny, split="test", snr_db=(0, 5), per_cell=2)
    cells = Counter((r.music_category, r.noise_class, r.snr_db) for r in recipes)

    assert len(cells) == 30
    assert set(cells.values()) == {2}


def test_recordings_are_used_evenly(real_corpus):
    """Within a class or category no recording is used more than once oftener than another."""
    recipes = draw(real_corpus, split="test", per_cell=2)
    for role in ("clean", "noise"):
        used = defaultdict(Counter)
        for recipe in recipes:
            name = recipe.layer(role).source_id
            used[real_corpus.sources[name].row.category][name] += 1
        for count in used.values():
            assert max(count.values()) - min(count.values()) <= 1


def test_count_spreads_over_the_cells(tiny):
    """Twenty of fifteen cells: each once, five twice."""
    recipes = draw(tiny, split="train", snr_db=((2, 20),), count=20)
    cells = Counter((r.music_category, r.noise_class) for r in recipes)

    assert len(recipes) == 20
    assert sorted(cells.values()) == [1] * 10 + [2] * 5
    assert all(2 <= r.snr_db <= 20 for r in recipes)
    assert len({r.snr_db for r in recipes}) > 15


def test_short_noise_is_looped_and_long_noise_is_not(tiny):
    """Only a recording shorter than the mixture gets a cross-fade."""
    for recipe in draw(tiny, split="test"):
        layer = recipe.layer("noise")
        assert bool(layer.fade) == (tiny.sources[layer.source_id].entry.frames < recipe.num_samples)


def test_seconds_cuts_clips(tiny):
    """A mixture is as long as its clip unless a length is asked."""
    assert {r.num_samples for r in draw(tiny, split="test")} == {66_150}
    assert {r.num_samples for r in draw(tiny, split="test", seconds=1.0)} == {44_100}
    with pytest.raises(RecipeError, match="shorter than the 2 s asked"):
        draw(tiny, split="test", seconds=2.0)
