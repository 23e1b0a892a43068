"""The recipe of the weights that ship runs from the recordings to the card, and holds its word."""

import json
import shlex
from pathlib import Path

import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.harness.load import SHIPPED  # noqa: E402 - once torch is there
from benchmarks.layers.weights_file import read_card  # noqa: E402
from benchmarks.leaderboard.run import bench  # noqa: E402
from benchmarks.training.config_file import load_config  # noqa: E402
from benchmarks.training.history import HISTORY  # noqa: E402

WEIGHTS = SHIPPED / "musicecan_small.safetensors"


@pytest.fixture
def corpora(real_corpus, tmp_path, mn):
    """What it is trained on, the open corpus first."""
    extra = real_corpus.root.parent / "extra"
    code, _, told = mn("curate", str(extra), "--out", str(tmp_path / "extra"), "--whole")
    assert code == 0, told
    return [real_corpus.root, tmp_path / "extra", "synthetic"]


@pytest.mark.stress
def test_a_shortened_training_learns_from_the_recordings_that_the_card_names(corpora, tmp_path, mn):
    """Two of its stretches, cut to a few steps, interrupted, resumed, packed."""
    data = ["--config", "small", "--resume", "--data", *map(str, corpora)]
    short = ["validation.every_steps=20", "validation.mixtures=6"]
    first, packed, run = (str(tmp_path / name) for name in ("first", "first-packed", "run"))
    began = ["train", "musicecan_small", *data, "--seed", "0", "--out", first]
    last = ["train", f"musicecan_small@{packed}/{WEIGHTS.name}", *data, "--seed", "2", "--out", run]
    commands = [
        [*began, "--max-steps", "10", "--set", *stretch("FIRST"), *short],
        ["pack", first, "--out", packed],
        [*last, "--max-steps", "20", "--set", *short],
        [*last, "--max-steps", "40", "--set", *short],
        ["pack", run, "--out", str(tmp_path / "packed")],
    ]
    for command in commands:
        code, _, told = mn(*command)
        assert code == 0, told

    shipped, made = WEIGHTS, tmp_path / "packed" / WEIGHTS.name
    assert made.with_suffix(".sources.csv").read_bytes() == (
        shipped.with_suffix(".sources.csv").read_bytes()
    )
    assert read_card(made).config == read_card(shipped).config
    assert read_card(made).facts["data"] == read_card(shipped).facts["data"]
    assert read_card(made).facts["config"].keys() == read_card(shipped).facts["config"].keys()
    losses = pd.read_csv(tmp_path / "run" / HISTORY)["loss"]
    assert losses[-20:].mean() < losses[:20].mean()


def test_the_configuration_is_the_one_that_the_card_tells():
    """What ships was made by what ships, in each of its stretches."""
    facts, told = read_card(WEIGHTS).facts, []
    while facts:
        told.append((facts["seed"], facts["config"]))
        facts = facts.get("began_with")

    assert told == [
        (2, settings()),
        (1, settings(stretch("SECOND"))),
        (0, settings(stretch("FIRST"))),
    ]


def settings(changes=()):
    """Return the shipped configuration as a card tells it."""
    return json.loads(json.dumps(load_config("small", changes=changes).settings()))


def stretch(name):
    """Return what `make weights` changes for a stretch."""
    makefile = (Path(__file__).parents[3] / "Makefile").read_text(encoding="utf-8")
    line = makefile.replace("\\\n", " ").partition(f"{name} :=")[2].partition("\n")[0]
    words = shlex.split(line)
    return words[words.index("--set") + 1 :]


@pytest.mark.stress
@pytest.mark.parametrize(("snrs_db", "per_cell"), [((0, 5, 10), 2), ((40,), 1)])
def test_every_figure_of_the_card_is_had_again(snrs_db, per_cell, real_corpus, tmp_path, mn):
    """To 0.01 dB, mixture by mixture, by the commands that the card names."""
    words = ["--split", "test", "--snr-db", *map(str, snrs_db), "--per-cell", str(per_cell)]
    built = tmp_path / "built"
    assert mn("build", str(real_corpus.root), "--out", str(built), *words, "--seed", "0")[0] == 0

    run = bench(built, ["noisy", WEIGHTS.stem], tmp_path / "run", metrics=["si_sdr"], examples=0)

    scores = pd.read_parquet(run / "scores.parquet")
    found = scores.pivot(index="mixture_id", columns="denoiser", values="value")
    told = pd.read_csv(WEIGHTS.with_suffix(".scores.csv"))
    told = told[told["snr_db"].isin(snrs_db)].set_index("mixture_id")
    assert set(told.index) == set(found.index)
    for name, column in ((WEIGHTS.stem, "estimate_db"), ("noisy", "noisy_db")):
        pd.testing.assert_series_equal(
            found[name].sort_index(),
            told[column].sort_index(),
            check_names=False,
            atol=0.01,
            rtol=0,
        )
