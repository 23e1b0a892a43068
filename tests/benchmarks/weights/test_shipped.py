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
from mn_dataset.records import TABLES  # noqa: E402
from mn_dataset.synthetic.generated import kind_rows  # noqa: E402

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
FONT = "FluidR3_GM.sf2 (sha256 74594e8f4250680a)"
"""Of Debian's fluid-soundfont-gm, under MIT: what composed music is played with."""


@pytest.fixture(params=WEIGHTS, ids=lambda path: path.stem)
def weights(request) -> Path:
    return request.param


def sources(weights):
    with weights.with_suffix(".sources.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def tested(weights, real_corpus):
    """The corpus of real recordings that the weights are scored on."""
    of_songs = weights.stem in ("drnn", "t_unet")
    return load_corpus(beside(real_corpus, "stems")) if of_songs else real_corpus


def beside(corpus, name):
    return corpus.root.parent / name


def test_some_weights_ship():
    """A bare name denoises, one separates, and one removes bleed."""
    assert [path.stem for path in WEIGHTS] == ["drnn", "musicecan_small", "subband_mask", "t_unet"]


def test_they_are_small(weights):
    """In bfloat16, but for what is exact."""
    kinds = {name: tensor.dtype for name, tensor in load_file(weights).items()}

    assert weights.stat().st_size <= MOST_BYTES
    assert {name for name, kind in kinds.items() if kind != torch.bfloat16} <= {"code"}


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
    """Of train splits and of what is for training only; samples and licence."""
    others = [beside(real_corpus, name) for name in ("extra", "more", "stems")]
    paths = [
        tables.table_path(root, role)
        for root in (real_corpus.root, *others, load_corpus("synthetic").root)
        for role in TABLES
    ]
    known = {
        row.id: (row.license, row.split)
        for path in paths
        if path.is_file()
        for row in tables.parse_table(path)
    } | {row.id: (row.license, row.split) for row in kind_rows("train")}
    for row in sources(weights):
        composed = FONT in row["source"]
        expected = ("MIT", "train") if composed else known[row["id"]]
        assert (row["license"], row["split"]) == expected


def test_nothing_that_is_tested_was_learned_from(weights, tested):
    """Neither a recording, nor its samples under another name, nor one of its group."""
    known = tested.sources
    held = [one for one in known.values() if one.row.split == "test" and one.entry.peak]
    rows = [row for row in sources(weights) if row["split"] == "train"]

    learned = {row["id"] for row in rows}
    assert held
    assert not learned & {source.id for source in held}
    assert not {row["pcm_sha256"] for row in rows} & {one.entry.pcm_sha256 for one in held}
    own = [known[name].row for name in learned & known.keys()]
    assert not {row.group for row in own} & {source.row.group for source in held}


DRAWN = {
    "subband_mask": {"snr_db": (0.0, 5.0, 10.0), "per_cell": 2},
    "musicecan_small": {"snr_db": (0.0, 5.0, 10.0), "per_cell": 2},
    "drnn": {"task": "separate", "snr_db": (-5.0, 0.0, 5.0)},
    "t_unet": {"task": "debleed", "stems": 3, "seconds": 10.0, "count": 12},
}
"""What the cards' figures are of."""


def test_some_of_the_cards_figures_are_had_again(weights, tested):
    """To 0.01 dB, one mixture of each class of noise, or ratio of a song."""
    table = weights.with_suffix(".scores.csv")
    if not table.is_file():
        pytest.skip("these weights were not scored yet")
    lines = pd.read_csv(table, index_col="mixture_id")
    if "snr_db" in lines:
        lines = lines[lines["snr_db"] <= 10.0]  # the other run's are of nearly clean music
    else:
        lines = lines[lines["bleed"] == "linear"]
    lines = lines[lines["corpus"] == tested.name]
    drawn = draw(tested, split="test", seed=0, **DRAWN[weights.stem])
    recipes = {recipe.id: recipe for recipe in drawn}
    denoiser, cache = load_denoiser(weights.stem), SourceCache(tested, recordings=8)

    facet = next(name for name in ("noise_class", "snr_db", "bleed") if name in lines)
    for _, own in lines.groupby(facet):
        mixture = mix(recipes[own.index[0]], cache)
        inputs = {name: to_float(samples) for name, samples in mixture.inputs.items()}
        batch = drawn.spec.stack_inputs(inputs)[None]
        estimates = np.atleast_2d(denoiser(batch, 44_100)[0, ..., 0, :])
        pairs = zip(estimates, mixture.targets.values(), strict=True)
        found = [si_sdr(one, Truth(to_float(clean)[0], 44_100)).value for one, clean in pairs]
        assert np.mean(found) == pytest.approx(own.iloc[0]["estimate_db"], abs=0.01)
