"""The same engine trains what removes bleed: as many inputs as targets, and one objective."""

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.harness.apply import load_denoiser  # noqa: E402 - once torch is there
from benchmarks.training.config_file import from_tables  # noqa: E402
from benchmarks.training.data.corpus import CorpusTrainingData  # noqa: E402
from benchmarks.training.data.dataset import DatasetTrainingData  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset import draw, render  # noqa: E402
from mn_dataset.errors import InputError  # noqa: E402
from mn_dataset.tasks.debleed import SPEC as DEBLEED  # noqa: E402

RATE = 22_050

MODEL = '''
import torch
from torch import nn

from benchmarks import DenoiserSpec
from benchmarks.models.debleeder import Debleeder


class Desk(nn.Module):
    """One gain from every microphone to every source."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.gains = nn.Parameter(torch.eye(config["microphones"]))

    def forward(self, wave):
        return self.gains @ wave


class Mixing(Debleeder):
    spec = DenoiserSpec(name="mixing", task="debleed", sampling_rate=22_050, channels=1,
                        backend="torch", learned=True)

    def build(self, *, microphones=3):
        return Desk({"microphones": microphones})
'''


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("debleeders") / "mixing.py"
    path.write_text(MODEL, encoding="utf-8")
    return f"{path}:Mixing"


def config(**parts):
    drawn = {"stems": 3, "bleed": "linear"}
    tables = {
        "loss": [{"mse": 1.0}],
        "data": {
            "segment_s": 0.4,
            "batch": 2,
            "items_per_epoch": 4,
            "workers": 0,
            "draw": drawn,
        },
        "optimizer": {"learning_rate": 0.02, "ema_decay": 0.5},
        "validation": {"every_steps": 5, "mixtures": 2, "seconds": 0.5, "draw": drawn},
        "limits": {"max_steps": 20, "checkpoint_steps": 5},
    }
    return from_tables({**tables, **parts}, where="the test")


def opened(corpus, settings, *, task=DEBLEED):
    return CorpusTrainingData(
        corpus, settings.data, settings.validation, task=task, sampling_rate=RATE, seed=0
    )


def test_what_was_learned_takes_bleed_away(model, songs_folder, tmp_path):
    """On songs that were not learned from, through the weights that were written."""
    outcome = train(model, songs_folder, tmp_path / "run", config=config())

    assert outcome.steps == 20
    assert outcome.best_db > 1
    with (tmp_path / "run" / "history.csv").open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert min(losses[-3:]) < losses[0]
    mixture = 0.1 * np.random.default_rng(0).standard_normal((1, 3, 2, 4_410)).astype(np.float32)
    estimates = load_denoiser(f"{model}@{tmp_path / 'run'}")(mixture, RATE, num_targets=3)
    assert estimates.shape == mixture.shape


def test_a_run_in_two_halves_is_the_run_in_one(model, songs_folder, tmp_path, same):
    train(model, songs_folder, tmp_path / "whole", config=config())
    for steps in (10, 20):
        shorter = config()
        object.__setattr__(shorter.limits, "max_steps", steps)
        train(model, songs_folder, tmp_path / "halves", config=shorter, resume=True)

    assert same(tmp_path / "whole", tmp_path / "halves")


def test_items_are_microphones_and_their_sources_at_the_rate_of_the_model(songs):
    """Every microphone is nearest to its own source; another epoch has other mixtures."""
    data = opened(songs, config())

    items = [data.item(epoch, 0) for epoch in (0, 0, 1)]

    item = items[0]
    assert item.noisy.shape == item.clean.shape == (3, 0.4 * RATE)
    assert list(item.inputs) == ["noisy_0", "noisy_1", "noisy_2"]
    assert len(set(item.targets)) == 3
    likeness = np.abs(np.corrcoef(np.concatenate((item.noisy, item.clean)))[:3, 3:])
    assert likeness.argmax(axis=1).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(item.noisy, items[1].noisy)
    assert not np.array_equal(item.noisy, items[2].noisy)
    assert [one.noisy.shape for one in data.validation()] == [(3, 0.5 * RATE)] * 2


def test_a_built_dataset_gives_the_same_kind_of_items(songs, tmp_path):
    recipes = draw(songs, task="debleed", split=["train", "validation"], stems=3, seconds=1.0)
    render(recipes, songs, tmp_path / "built")
    settings = config()

    data = DatasetTrainingData(
        tmp_path / "built",
        settings.data,
        settings.validation,
        task=DEBLEED,
        sampling_rate=RATE,
        seed=0,
    )

    item = data.item(0, 0)
    assert item.noisy.shape == item.clean.shape == (3, 0.4 * RATE)
    used = {layer.source_id for recipe in recipes for layer in recipe.layers}
    assert {source.row.id for source in data.sources} == used


def test_a_network_for_another_number_of_microphones_is_refused(model, songs_folder, tmp_path):
    settings = config(model={"microphones": 2})
    with pytest.raises(InputError, match="made for 2 microphones, and the session has 3"):
        train(model, songs_folder, tmp_path / "run", config=settings)


def test_an_option_that_the_drawing_does_not_have_is_refused(songs):
    settings = config(data={"draw": {"stem": 3}, "segment_s": 0.4})
    with pytest.raises(InputError, match="debleed' is drawn without `stem`; did you mean 'stems'"):
        opened(songs, settings).item(0, 0)
