"""The same engine trains a separator: several targets, a rate and an objective of its own."""

import csv

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.training.config_file import from_tables  # noqa: E402 - once torch is there
from benchmarks.training.data.corpus import CorpusTrainingData  # noqa: E402
from benchmarks.training.data.dataset import DatasetTrainingData  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset import draw, render  # noqa: E402
from mn_dataset.errors import InputError  # noqa: E402
from mn_dataset.tasks.separate import SPEC as SEPARATE  # noqa: E402

RATE = 16_000

MODEL = '''
import torch
from torch import nn

from benchmarks import DenoiserSpec
from benchmarks.layers.magnitude import MagnitudeObjective
from benchmarks.layers.transform import Transform
from benchmarks.models.learned import Learned

TRANSFORM = Transform(512, 256)


class Share(nn.Module):
    """One share of the mixture per frequency and target."""

    def __init__(self):
        super().__init__()
        self.config = {}
        self.logits = nn.Parameter(torch.zeros(2, 1, TRANSFORM.bins))

    def forward(self, magnitude):
        return self.logits.softmax(dim=0) * magnitude[:, None]


class Sharing(Learned):
    spec = DenoiserSpec(name="sharing", task="separate", sampling_rate=16_000, channels=1,
                        backend="torch", learned=True)

    def build(self):
        return Share()

    def objective(self, network, weights):
        return MagnitudeObjective(TRANSFORM, loss=nn.functional.mse_loss)

    def estimate(self, network, noisy):
        return self.objective(network, ()).estimate(network, noisy)
'''


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("separators") / "sharing.py"
    path.write_text(MODEL, encoding="utf-8")
    return f"{path}:Sharing"


def config(**optimizer):
    return from_tables(
        {
            "loss": [{"mse": 1.0}],
            "data": {
                "segment_s": 0.4,
                "batch": 2,
                "items_per_epoch": 6,
                "workers": 0,
                "snr_db": [-5.0, 5.0],
                "draw": {"mixing": "incoherent", "stem_gain_db": [-3.0, 3.0]},
            },
            "optimizer": {"learning_rate": 0.1, "ema_decay": 0.5, **optimizer},
            "validation": {"every_steps": 4, "mixtures": 2, "seconds": 0.5},
            "limits": {"max_steps": 8, "checkpoint_steps": 2},
        },
        where="the test",
    )


KINDS = {"adam": {}, "lbfgs": {"name": "lbfgs", "learning_rate": 1.0, "iterations": 3}}


@pytest.mark.parametrize("optimizer", KINDS.values(), ids=KINDS)
def test_a_separator_learns_and_a_run_in_two_halves_is_the_run_in_one(
    model, songs_folder, tmp_path, optimizer, same
):
    """With Adam's two moments, and with what L-BFGS remembers of its way."""
    settings = config(**optimizer)
    whole = train(model, songs_folder, tmp_path / "whole", config=settings)
    for steps in (4, 8):
        shorter = config(**optimizer)
        object.__setattr__(shorter.limits, "max_steps", steps)
        train(model, songs_folder, tmp_path / "halves", config=shorter, resume=True)

    with (tmp_path / "whole" / "history.csv").open(encoding="utf-8") as file:
        losses = [float(row["loss"]) for row in csv.DictReader(file)]
    assert min(losses[-3:]) < losses[0]
    assert whole.steps == 8
    assert same(tmp_path / "whole", tmp_path / "halves")


def test_items_are_mixtures_and_their_targets_at_the_rate_of_the_model(songs):
    """The targets add up to the mixture, and another epoch has other mixtures."""
    settings = config()
    data = CorpusTrainingData(
        songs, settings.data, settings.validation, task=SEPARATE, sampling_rate=RATE, seed=0
    )

    items = [data.item(epoch, 0) for epoch in (0, 0, 1)]

    assert items[0].noisy.shape == (0.4 * RATE,)
    assert items[0].clean.shape == (2, 0.4 * RATE)
    assert items[0].targets == ("voice", "accompaniment")
    np.testing.assert_allclose(items[0].clean.sum(axis=0), items[0].noisy, atol=1e-6)
    np.testing.assert_array_equal(items[0].noisy, items[1].noisy)
    assert not np.array_equal(items[0].noisy, items[2].noisy)
    assert len(data.validation()) == 2


def test_a_built_dataset_gives_the_same_and_names_every_stem(songs, tmp_path):
    """Not the first stem of each side alone."""
    recipes = draw(songs, task="separate", split=["train", "validation"], snr_db=[0.0], seconds=1)
    render(recipes, songs, tmp_path / "built")
    settings = config()

    data = DatasetTrainingData(
        tmp_path / "built",
        settings.data,
        settings.validation,
        task=SEPARATE,
        sampling_rate=RATE,
        seed=0,
    )

    item = data.item(0, 0)
    np.testing.assert_allclose(item.clean.sum(axis=0), item.noisy, atol=1e-6)
    used = {layer.source_id for recipe in recipes for layer in recipe.layers}
    assert {source.row.id for source in data.sources} == used
    assert len(used) == 12  # six stems are sung to or sing, in two splits


def test_a_separator_cannot_be_trained_on_what_has_no_stems(model, learnable_folder, tmp_path):
    with pytest.raises(InputError, match=r"stems\.csv: no row is in the split 'train'"):
        train(model, learnable_folder, tmp_path / "run", config=config())


def test_augmentation_that_would_vary_nothing_is_refused(songs):
    settings = config()
    object.__setattr__(settings.data, "augment", "light")
    with pytest.raises(InputError, match=r"augment in \[data\] varies no recording of the task"):
        CorpusTrainingData(
            songs, settings.data, settings.validation, task=SEPARATE, sampling_rate=RATE, seed=0
        )


def test_a_dataset_of_another_task_is_refused_by_both_names(model, tiny, tmp_path):
    render(draw(tiny, split="train", count=1, seconds=0.5), tiny, tmp_path / "built")
    with pytest.raises(InputError, match="of the task denoise; expected mixtures of the task sep"):
        train(model, tmp_path / "built", tmp_path / "run", config=config())
