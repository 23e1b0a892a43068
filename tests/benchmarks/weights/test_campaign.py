"""The campaign that makes what ships, shortened: train, choose, pack, score, and score again."""

import shutil
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.registry import denoisers  # noqa: E402 - once torch is there
from benchmarks.training.config_file import load_config, shipped_names  # noqa: E402

ROOT = Path(__file__).parents[3]
SHORT = ("data.segment_s=0.5", "validation.every_steps=2", "validation.mixtures=3")
SHORT += ("validation.seconds=1.0",)
SEEDS = (0, 1)


def listed(name):
    """Return the words of a variable of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
    return makefile.partition(f"\n{name} := ")[2].partition("\n")[0].split()


@pytest.fixture(params=listed("SHIPPING"))
def network(request):
    if request.param not in denoisers():
        pytest.skip(f"{request.param} is not there yet")
    return request.param


def test_every_network_has_a_configuration_of_its_name_in_one_stretch(network):
    """From fresh weights, and one cosine over all of its steps."""
    assert network in shipped_names()
    config = load_config(network)
    assert config.optimizer.schedule == "cosine"
    assert config.optimizer.decay_steps in (None, config.limits.max_steps)


@pytest.mark.stress
def test_the_card_of_a_campaign_is_had_again_from_the_packed_file(
    network, tmp_path, mn, monkeypatch
):
    """On the embedded corpus, with two seeds of a few steps, to 0.01 dB."""
    monkeypatch.syspath_prepend(ROOT / "perf")
    pilots = import_module("pilots")

    def call(*words):
        code, _, told = mn(*map(str, words))
        assert code == 0, told

    for split in ("validation", "test"):
        recipes = tmp_path / f"{split}.parquet"
        words = ("--split", split, "--seconds", "2", "--snr-db", "0", "--out", recipes)
        call("draw", "synthetic", *words)
        rows = ("--rows", *map(str, range(5)))  # one of each noise class
        call("render", recipes, "--corpus", "synthetic", "--out", tmp_path / split, *rows)
    for seed in SEEDS:
        words = ("--config", network, "--seed", seed, "--max-steps", "4", "--set", *SHORT)
        folder = tmp_path / "campaign" / f"{network}-{seed}"
        call("train", network, "--data", "synthetic", "--resume", "--out", folder, *words)
    trained = ",".join(pilots.requests(tmp_path / "campaign"))
    score = ("--metrics", "si_sdr", "--examples", "0", "--workers", "1", "--denoisers")
    classes, *others = (tmp_path / "campaign-run" / name for name in pilots.SETS)
    call("bench", tmp_path / "validation", "--out", classes, *score, f"noisy,omlsa,{trained}")
    for folder in others:
        shutil.copytree(classes, folder)

    best = pilots.best(tmp_path / "campaign-run", network)
    packed = tmp_path / "packed" / f"{network}.safetensors"
    file = f"noisy,{network}@{packed}"
    call("pack", best, "--out", packed.parent)
    call("bench", tmp_path / "test", "--out", tmp_path / "test-run", *score, file)
    call("pack", best, "--out", packed.parent, "--scores", tmp_path / "test-run")
    call("bench", tmp_path / "test", "--out", tmp_path / "again", *score, file)

    scores = pd.read_parquet(tmp_path / "again" / "scores.parquet")
    again = scores.pivot(index="mixture_id", columns="denoiser", values="value")
    card = pd.read_csv(packed.with_suffix(".scores.csv"), index_col="mixture_id")
    (name,) = set(again.columns) - {"noisy"}
    for column, told in ((name, "estimate_db"), ("noisy", "noisy_db")):
        pd.testing.assert_series_equal(
            again[column], card[told], check_names=False, atol=0.01, rtol=0
        )
    text = packed.with_suffix(".md").read_text(encoding="utf-8")
    assert f"{card['estimate_db'].mean():.2f}" in text
    tables = pilots.tables(tmp_path / "campaign-run", {})
    assert tables.count(f"| {network} ") == 2  # one row for both seeds, in both tables
