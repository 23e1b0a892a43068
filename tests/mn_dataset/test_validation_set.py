"""The validation set of pilots: its recipes, where its recordings come from, and what was made."""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kurtosis

from benchmarks import load_denoiser
from mn_dataset import load_corpus
from mn_dataset.audio.io import to_float
from mn_dataset.catalogue.registry import metadata_folder
from mn_dataset.mix.recipes import read_recipes
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, SAMPLING_RATE
from mn_dataset.synthetic.corpus import table_rows
from mn_dataset.tables import read_table, table_path

PERF = Path(__file__).parents[2] / "perf"
SHARED = Path(__file__).parents[3] / "shared" / "corpus"
SNRS_DB = (0.0, 5.0, 10.0)
SIZES = {"classes": 135, "clicks": 27, "hum": 27, "near_clean": 45, "plucked": 27}

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


@pytest.fixture(scope="module")
def recipes():
    return {name: read_recipes(metadata_folder("validation") / f"{name}.parquet") for name in SIZES}


@pytest.fixture
def script(monkeypatch):
    """The script that drew them."""
    monkeypatch.syspath_prepend(PERF)
    return import_module("validation_set")


@pytest.fixture
def sounds(monkeypatch):
    """What makes sounds that the validation split has no recording of."""
    monkeypatch.syspath_prepend(PERF)
    return import_module("validation_sounds")


def used(recipes):
    return {layer.source_id for table in recipes.values() for one in table for layer in one.layers}


def test_every_set_has_its_mixtures_of_six_seconds(recipes):
    """All of the split validation, drawn with one seed from one corpus."""
    assert {name: len(table) for name, table in recipes.items()} == SIZES
    rows = [recipe for table in recipes.values() for recipe in table]
    assert {(row.split, row.num_samples, row.seed) for row in rows} == {
        ("validation", 6 * SAMPLING_RATE, 17)
    }
    assert len({table.corpus_hash for table in recipes.values()}) == 1


def test_the_classes_are_balanced(recipes):
    """One mixture of every category, class and SNR."""
    cells = Counter((r.music_category, r.noise_class, r.snr_db) for r in recipes["classes"])

    assert cells == Counter(
        (category, noise, snr)
        for category in MUSIC_CATEGORIES
        for noise in NOISE_CLASSES
        for snr in SNRS_DB
    )


@pytest.mark.parametrize("name", ["clicks", "hum"])
def test_clicks_and_hum_are_balanced(recipes, name):
    """One mixture of every category and SNR, and every noise equally often."""
    table = recipes[name]

    assert Counter((r.music_category, r.snr_db) for r in table) == Counter(
        (category, snr) for category in MUSIC_CATEGORIES for snr in SNRS_DB
    )
    assert set(Counter(r.layer("noise").source_id for r in table).values()) == {3}


def test_near_clean_music_has_all_cells_at_40_db(recipes):
    """The most that every recording carries in 16 bits."""
    cells = Counter((r.music_category, r.noise_class, r.snr_db) for r in recipes["near_clean"])

    assert cells == Counter((c, n, 40.0) for c in MUSIC_CATEGORIES for n in NOISE_CLASSES)


def test_plucked_notes_are_of_three_instruments_under_broadband_noise(recipes):
    """Every clip three times, at all SNRs."""
    table = recipes["plucked"]

    assert {r.noise_class for r in table} == {"stationary"}
    assert Counter((r.music_category, r.snr_db) for r in table) == Counter(
        {(c, s): 3 for c in ("harp", "chinese_lute", "chinese_zither") for s in SNRS_DB}
    )
    assert set(Counter(r.layer("clean").source_id for r in table).values()) == {3}


def test_nothing_is_learned_from_or_tested(recipes):
    """No recording, group or source file stands in another split, or in a corpus for training."""
    if not (SHARED / "open").is_dir():
        pytest.skip("the open corpus does not lie beside the project")
    names = used(recipes)
    recorded = {name for name in names if "/made_" not in name}
    folders = [SHARED / name for name in ("open", "extra", "more") if (SHARED / name).is_dir()]
    rows = [
        row
        for folder in folders
        for role in ROLES
        for row in read_table(table_path(folder, role), role)
    ]
    validated = [row for row in rows if row.id in recorded]
    others = [row for row in rows if row.split != "validation"]

    assert {row.id for row in validated} == recorded
    assert {row.split for row in validated} == {"validation"}
    for column in ("id", "group", "sha256"):
        elsewhere = {getattr(row, column) for row in others} - {""}
        assert not elsewhere & {getattr(row, column) for row in validated}, column
    synthetic = {row.id for rows in table_rows(0).values() for row in rows}
    assert not names & synthetic


def test_the_script_draws_the_same_recipes(recipes, script, real_corpus, tmp_path):
    """From the same corpus, made anew: so what was made has the same samples, too."""
    script.write_corpus(real_corpus.root, tmp_path / "validation")
    corpus = load_corpus(tmp_path / "validation")

    assert {script.drawn(name, corpus).corpus_hash for name in SIZES} == {
        recipes["classes"].corpus_hash
    }
    assert {name: script.drawn(name, corpus) for name in SIZES} == recipes


@pytest.mark.parametrize("kind", ["disc", "contact", "dropouts"])
def test_clicks_are_short_and_far_apart(sounds, kind):
    """A Gaussian noise has an excess kurtosis of 0, a recorded crackle one of 50 and more."""
    sound = sounds.make(f"noise/electrical/made_{kind}_1", kind).astype(np.float64)

    assert kurtosis(sound) > 50.0


@pytest.mark.parametrize("kind", ["ground_loop", "transformer", "dimmer"])
def test_hums_are_what_a_notch_takes(sounds, kind):
    """A comb of mains harmonics holds nearly all of their power."""
    sound = to_float(sounds.make(f"noise/electrical/made_{kind}_1", kind))[np.newaxis]

    rest = load_denoiser("hum_notch")(sound, SAMPLING_RATE)

    assert 10.0 * np.log10(np.sum(sound**2) / np.sum(rest**2)) > 12.0


@pytest.mark.parametrize("kind", ["harp", "lute", "zither"])
def test_plucked_notes_are_held(sounds, kind):
    """In the mean over the piece, half a second later the level has fallen by less than 12 dB."""
    sound = sounds.make(f"clean/harp/made_{kind}_1", kind).astype(np.float64)
    frames = (sound[: len(sound) // 4410 * 4410].reshape(-1, 4410) ** 2).mean(axis=1)
    levels_db = 10.0 * np.log10(frames + 1.0)
    loud = np.flatnonzero(levels_db[:-5] > np.percentile(levels_db, 80))

    assert np.mean(levels_db[loud + 5] - levels_db[loud]) > -12.0
