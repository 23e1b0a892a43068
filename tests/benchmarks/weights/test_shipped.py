"""The weights that ship: small, free, learned from what may be learned from, as good as told."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks.harness.apply import load_denoiser  # noqa: E402
from benchmarks.harness.load import SHIPPED  # noqa: E402
from benchmarks.layers.weights_file import read_card  # noqa: E402
from benchmarks.metrics.reference import Truth  # noqa: E402
from benchmarks.metrics.si_sdr import si_sdr  # noqa: E402
from mn_dataset import tables  # noqa: E402
from mn_dataset.audio.io import file_sha256, to_float  # noqa: E402
from mn_dataset.catalogue.load import load_corpus  # noqa: E402
from mn_dataset.mix.draw import draw  # noqa: E402
from mn_dataset.mix.mixture import mix  # noqa: E402
from mn_dataset.mix.source_cache import SourceCache  # noqa: E402
from mn_dataset.records import ROLES  # noqa: E402

WEIGHTS = sorted(SHIPPED.glob("*.safetensors"))
FREE = {
    "CC0-1.0",
    "LicenseRef-public-domain",
    "MIT",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC-BY-3.0",
    "CC-BY-4.0",
}
MOST_BYTES = 12_000_000


@pytest.fixture(params=WEIGHTS, ids=lambda path: path.stem)
def weights(request) -> Path:
    return request.param


def sources(weights):
    with weights.with_suffix(".sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_some_weights_ship():
    """A bare name denoises."""
    assert [path.stem for path in WEIGHTS] == ["musicecan_small"]


def test_they_are_small(weights):
    """In bfloat16, but for what is exact."""
    kinds = {name: tensor.dtype for name, tensor in load_file(weights).items()}

    assert weights.stat().st_size <= MOST_BYTES
    assert {name for name, kind in kinds.items() if kind != torch.bfloat16} == {"code"}


def test_they_learned_from_free_recordings_only(weights):
    """Their ids stand in the file itself; each has a licence that asks for a name at most."""
    rows = sources(weights)
    learned = [row for row in rows if row["split"] == "train"]

    assert [row["id"] for row in learned] == read_card(weights).facts["data"]["train"]["ids"]
    assert {row["license"] for row in learned} <= FREE
    unnamed = [row["id"] for row in learned if not row["attribution"]]
    assert unnamed == []


def test_the_card_names_the_file_and_whom_to_attribute(weights):
    """By the hash of the very file, and each name that a licence asks for."""
    text = weights.with_suffix(".md").read_text(encoding="utf-8")

    assert f"SHA-256 `{file_sha256(weights)}`" in text
    assert f"Licence of the weights: {read_card(weights).facts['license']}." in text
    for row in sources(weights):
        if row["split"] == "train":
            assert row["attribution"] in text


def test_what_they_learned_from_is_what_the_tables_say(weights, real_corpus):
    """Of the open corpus's train split and of what is for training only; samples and licence."""
    extra = real_corpus.root.parent / "extra"
    known = {
        row.id: (row.license, row.split)
        for root in (real_corpus.root, extra, load_corpus("synthetic").root)
        for role in ROLES
        for row in tables.parse_table(tables.table_path(root, role))
    }
    for row in sources(weights):
        assert known[row["id"]] == (row["license"], row["split"])


def test_nothing_that_is_tested_was_learned_from(weights, real_corpus):
    """Neither a recording, nor its samples under another name, nor one of its group."""
    tested = [one for one in real_corpus.sources.values() if one.row.split == "test"]
    rows = [row for row in sources(weights) if row["split"] == "train"]

    learned = {row["id"] for row in rows}
    assert not learned & {source.id for source in tested}
    assert not {row["pcm_sha256"] for row in rows} & {one.entry.pcm_sha256 for one in tested}
    own = [real_corpus.sources[name].row for name in learned & real_corpus.sources.keys()]
    assert not {row.group for row in own} & {source.row.group for source in tested}


def test_some_of_the_cards_figures_are_had_again(weights, real_corpus):
    """To 0.01 dB, one mixture of each class of noise; `make stress` repeats all of them."""
    table = weights.with_suffix(".scores.csv")
    if not table.is_file():
        pytest.skip("these weights were not scored yet")
    lines = pd.read_csv(table, index_col="mixture_id")
    lines = lines[lines["snr_db"] <= 10.0]  # the other run's are of nearly clean music
    recipes = {
        recipe.id: recipe
        for recipe in draw(real_corpus, split="test", snr_db=(0.0, 5.0, 10.0), per_cell=2, seed=0)
    }
    denoiser, cache = load_denoiser(weights.stem), SourceCache(real_corpus, recordings=8)

    for _, own in lines.groupby("noise_class"):
        told = own.iloc[0]
        mixture = mix(recipes[own.index[0]], cache)
        estimate = np.asarray(denoiser(to_float(mixture.files["noisy"])[None], 44_100))[0, 0]
        found = si_sdr(estimate, Truth(to_float(mixture.files["clean"])[0], 44_100)).value
        assert found == pytest.approx(told["estimate_db"], abs=0.01)
