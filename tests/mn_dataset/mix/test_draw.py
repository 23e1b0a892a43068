from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pandas as pd
import pytest

from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import InputError, RecipeError, UnknownName
from mn_dataset.mix.draw import draw
from mn_dataset.mix.mixture import mix
from mn_dataset.mix.recipes import read_recipes, write_recipes
from mn_dataset.mix.source_cache import SourceCache


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


def test_splits_are_kept_apart(tiny):
    """A recipe of a split uses recordings of that split alone."""
    for recipe in draw(tiny, per_cell=1):
        for layer in recipe.layers:
            assert tiny.sources[layer.source_id].row.split == recipe.split


def test_the_same_arguments_draw_the_same_and_another_seed_does_not(tiny):
    """Everything random has a seed."""
    assert draw(tiny, seed=1) == draw(tiny, seed=1)
    assert draw(tiny, seed=1) != draw(tiny, seed=2)


def test_count_spreads_over_the_cells(tiny):
    """Twenty of fifteen cells: each once, five twice."""
    recipes = draw(tiny, split="train", snr_db=((2, 20),), count=20)
    cells = Counter((r.music_category, r.noise_class) for r in recipes)

    assert len(recipes) == 20
    assert sorted(cells.values()) == [1] * 10 + [2] * 5
    assert all(2 <= r.snr_db <= 20 for r in recipes)
    assert len({r.snr_db for r in recipes}) > 15


def test_a_split_named_twice_is_drawn_once(tiny):
    """Ids stay unique."""
    assert draw(tiny, split=["test", "test"]) == draw(tiny, split="test")


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


def test_what_cannot_be_drawn_names_cell_and_reason(tiny):
    """400 dB would need noise far below one LSB."""
    with pytest.raises(RecipeError, match=r"test: piano × electrical × 400 dB: .*LSB RMS"):
        draw(tiny, split="test", snr_db=(400,))


def test_drawing_opens_no_audio(tiny, monkeypatch):
    """Tables and index are all it reads."""

    def forbidden(*_, **__):
        raise AssertionError("audio was opened")

    monkeypatch.setattr(io, "read_pcm", forbidden)
    assert draw(tiny)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"split": "tset"}, UnknownName),
        ({"snr_definition": "loud"}, UnknownName),
        ({"snr_db": (float("nan"),)}, InputError),
        ({"snr_db": ()}, InputError),
        ({"snr_db": (5, 5)}, InputError),
        ({"per_cell": 1, "count": 1}, InputError),
        ({"count": 0}, InputError),
        ({"seconds": -1}, InputError),
        ({"seconds": 1e-9}, InputError),
        ({"seed": 2**63}, InputError),
        ({"preset": "musicecan-2024", "snr_db": (33,)}, InputError),
        ({"preset": "musicecan-2024", "seconds": 2}, InputError),
        ({"seconds": 0.3, "snr_definition": "lufs"}, RecipeError),
        ({"preset": "musicecan"}, UnknownName),
    ],
)
def test_senseless_arguments_are_refused(tiny, arguments, error):
    """Each with the toolkit's own error."""
    with pytest.raises(error):
        draw(tiny, **arguments)


def test_a_split_without_recordings_is_named(damaged):
    """An empty split column is not silently an empty dataset."""
    root = damaged()
    for role in ("clean", "noise"):
        path = root / f"{role}.csv"
        path.write_text(path.read_text().replace(",test,", ",,"))

    with pytest.raises(InputError, match=r"'test'.*mn split"):
        draw(open_corpus(root), split="test")


def test_the_preset_follows_the_script(real_corpus):
    """5 s, variance, first samples of any noise, two bands, the doubled level scale."""
    recipes = draw(real_corpus, split="test", preset="musicecan-2024")
    noise_splits = {real_corpus.sources[r.layer("noise").source_id].row.split for r in recipes}
    levels = [
        r.layer("clean").gain * real_corpus.sources[r.layer("clean").source_id].entry.peak / 32_768
        for r in recipes
    ]

    assert {r.num_samples for r in recipes} == {220_500}
    assert {r.snr_definition for r in recipes} == {"variance"}
    assert {r.layer("noise").start for r in recipes} == {0}
    assert noise_splits == {"train", "validation", "test"}
    assert sum(2 <= r.snr_db <= 6 for r in recipes) == sum(6 <= r.snr_db <= 12 for r in recipes)
    assert 10 ** (-12 / 20) <= min(levels) < 0.5
    assert 1.5 < max(levels) <= 10 ** (8 / 20)
    mixture = mix(recipes[0], SourceCache(real_corpus))
    assert abs(mixture.ratios_db[1]["variance"] - recipes[0].snr_db) <= 0.01


def test_recipes_survive_their_table(tiny, tmp_path):
    """What is read is what was written; the order of the rows does not matter."""
    recipes = draw(tiny, seed=4)
    write_recipes(tmp_path / "recipes.parquet", recipes)

    assert read_recipes(tmp_path / "recipes.parquet") == recipes


def test_a_table_of_something_else_is_refused(tmp_path):
    """The message names what is lacking."""
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "x.parquet")
    with pytest.raises(RecipeError, match="lacks corpus"):
        read_recipes(tmp_path / "x.parquet")
    (tmp_path / "y.parquet").write_bytes(b"rubbish")
    with pytest.raises(InputError, match="not readable as Parquet"):
        read_recipes(tmp_path / "y.parquet")


def test_rows_are_picked_by_id_or_number(tiny):
    """Both name the same recipe; another name is refused."""
    recipes = draw(tiny, split="test")

    assert recipes.select(["3"]).rows == recipes.select(["test/000003"]).rows == (recipes[3],)
    with pytest.raises(RecipeError, match="no recipe 'x'"):
        recipes.select(["x"])


def test_a_recording_too_quiet_is_passed_over(damaged):
    """The cell is still full; a class of nothing else is an error that names the reason."""
    root = damaged()
    for number in (1, 0):
        path = root / f"noise/crowd_test_{number}.wav"
        quiet = (np.arange(100_000) % 41 - 20).astype(np.int16)  # 12 LSB RMS: −69 dBFS
        io.write_wav(path, quiet, sampling_rate=44_100)
        if number:
            recipes = draw(open_corpus(root), split="test", snr_db=(0,), per_cell=3)
            crowd = [r for r in recipes if r.noise_class == "crowd"]
            assert len(crowd) == 9
            assert {r.layer("noise").source_id for r in crowd} == {"noise/crowd_test_0"}
    with pytest.raises(RecipeError, match=r"crowd × 0 dB: .*dBFS RMS, under −60"):
        draw(open_corpus(root), split="test", snr_db=(0,))
