"""What is asked for is trained, or refused before anything is written."""

import doctest
import importlib.util
import json
import shutil

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config import Config, Data, Limits, Validation  # noqa: E402
from benchmarks.training.data.base import data_facts  # noqa: E402
from benchmarks.training.train import open_training_data, train  # noqa: E402
from mn_dataset import tables  # noqa: E402
from mn_dataset.errors import InputError, MissingExtra, UnknownName  # noqa: E402
from mn_dataset.mix.draw import draw  # noqa: E402
from mn_dataset.mix.render import render  # noqa: E402
from mn_dataset.records import ROLES  # noqa: E402
from mn_dataset.tasks.denoise import SPEC as DENOISE  # noqa: E402

PRECISIONS = ("float32", "bfloat16")
CONFIG = Config(
    data=Data(segment_s=0.5, batch=2, items_per_epoch=6),
    validation=Validation(mixtures=2, seconds=0.5),
    limits=Limits(max_steps=1),
)


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    masking, tmp_path, monkeypatch
):
    """Before any corpus is opened."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "accelerate" else find_spec(name)
    )

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[train\]'"):
        masking(tmp_path / "run", data=tmp_path)


def test_a_built_dataset_is_learned_from(masking, learnable, tmp_path):
    """Its mixtures, in segments."""
    recipes = draw(learnable, split=["train", "validation"], snr_db=[5], count=6, seconds=1.0)
    folder = render(recipes, learnable, tmp_path / "dataset")

    outcome = masking(tmp_path / "run", data=folder)

    assert outcome.steps == 8
    description = json.loads((tmp_path / "run/train.json").read_text(encoding="utf-8"))
    assert description["settings"]["data"]["kind"] == "dataset"


def test_bfloat16_learns_as_float32_does(masking, tmp_path, state, history):
    """With weights in float32, and a loss that is near."""
    masking(tmp_path / "float32", model={"dropout": 0.0})
    masking(tmp_path / "bfloat16", model={"dropout": 0.0}, optimizer__precision="bfloat16")

    losses = [[float(row["loss"]) for row in history(tmp_path / kind)] for kind in PRECISIONS]
    # Eight bits of mantissa in two layers and a mask.
    np.testing.assert_allclose(*losses, rtol=0.03)
    assert losses[0] != losses[1]
    assert all(
        value.dtype == torch.float32
        for name, value in state(tmp_path / "bfloat16").items()
        if name.startswith("network/")
    )


def test_what_cannot_be_trained_is_refused_before_anything_is_written(
    networks, learnable_folder, quick, tmp_path
):
    """Names with the nearest, and what is no learned denoiser."""
    config, out = quick(), tmp_path / "run"
    for model, error, message in (
        ("wienr", UnknownName, "did you mean 'wiener'"),
        ("wiener", InputError, "'wiener' learns nothing"),
        (f"{networks}:Masking@{out}", InputError, "expected a file of weights"),
    ):
        with pytest.raises(error, match=message):
            train(model, learnable_folder, out, config=config)
    for changes, message in (
        ({"model": {"widht": 4}}, "unknown field 'widht'; did you mean 'width'"),
        ({"loss": [{"mea": 1.0}]}, "did you mean 'mae'"),
        ({"data__batch": 50}, "6 items, fewer than one batch of 50"),
    ):
        with pytest.raises(InputError, match=message):
            train(f"{networks}:Masking", learnable_folder, out, config=quick(**changes))
    with pytest.raises(InputError, match="expected cpu, cuda"):
        train(f"{networks}:Masking", learnable_folder, out, config=config, device="gpu")
    with pytest.raises(InputError, match="no such folder"):
        train(f"{networks}:Masking", tmp_path / "none", out, config=config)

    assert not out.exists()


def test_a_network_that_returns_its_input_fails_the_test_of_learning(masking, tmp_path):
    """Whatever it was given to learn from."""
    outcome = masking(tmp_path / "run", network="Copying", limits__max_steps=4)

    assert not outcome.learned
    assert ", not surely better than the mixtures;" in str(outcome)
    assert outcome.best_db == pytest.approx(0, abs=1e-4)


def test_a_small_network_passes_the_test_of_learning(masking, tmp_path):
    """White noise under melodies that it never heard, after some seconds."""
    outcome = masking(
        tmp_path / "run",
        model={"width": 8},
        loss=[{"snr": 0.1, "mae": 1.0}, {"mae": 0.5}],
        limits={"max_steps": 80},
        validation={"every_steps": 40, "mixtures": 6, "seconds": 1.0},
    )

    assert outcome.learned
    assert outcome.best_db > 2.0


@pytest.fixture
def tunes(tiny, tmp_path):
    """Two corpora: the tiny one, and its train split under other ids, with other samples."""
    other = tmp_path / "other"
    shutil.copytree(tiny.root, other)
    for role in ROLES:
        path = tables.table_path(other, role)
        rows = [
            tables.Row(**{**vars(row), "id": f"{row.id}_b", "group": f"{row.group}_b"})
            for row in tables.parse_table(path)
        ]
        tables.write_table(path, rows)
    return tiny.root, other


def test_others_give_their_train_split_only(tunes):
    """What is validated with is the first one's."""
    first, _ = tunes
    alone = open_training_data([first], CONFIG, task=DENOISE, seed=0)

    together = open_training_data(tunes, CONFIG, task=DENOISE, seed=0)

    facts, facts_alone = data_facts(together), data_facts(alone)
    assert facts["name"] == f"{first.name}+other"
    ids = facts_alone["train"]["ids"]
    assert facts["train"]["ids"] == sorted([*ids, *(f"{name}_b" for name in ids)])
    assert facts["validation"] == facts_alone["validation"]
    drawn = {together.item(0, index).id for index in range(6)}
    assert len(drawn) == 6


def test_two_recordings_of_one_id_are_refused(tunes):
    """Which of them a recipe means could not be told."""
    first, _ = tunes

    with pytest.raises(InputError, match=r"clean/cello_train_0 is in .* too"):
        open_training_data([first, first], CONFIG, task=DENOISE, seed=0)


def test_a_built_dataset_stands_alone(tunes, tmp_path):
    """Its SNRs and levels are its own."""
    (tmp_path / "built").mkdir()
    (tmp_path / "built/manifest.parquet").touch()

    with pytest.raises(InputError, match="a built dataset is learned from alone"):
        open_training_data([tunes[0], tmp_path / "built"], CONFIG, task=DENOISE, seed=0)


def test_data_that_names_nothing_is_refused(tmp_path):
    """By the parameter."""
    with pytest.raises(InputError, match="data is empty"):
        train("musicecan_small", [], tmp_path / "run")


def test_the_example_of_the_documentation_runs(learnable_folder, tmp_path, monkeypatch):
    """Word by word, but for the corpus."""
    monkeypatch.chdir(tmp_path)
    text = train.__doc__.replace("# doctest: +SKIP", "")
    text = text.replace('"synthetic"', repr(str(learnable_folder)))
    example = doctest.DocTestParser().get_doctest(text, {"train": train}, "train", None, 0)

    results = doctest.DocTestRunner().run(example)

    assert (results.failed, results.attempted) == (0, 6)
