"""A run may begin with weights that were trained before, and lists what they had learned from."""

import csv

import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks import registry  # noqa: E402
from benchmarks.harness.load import construct  # noqa: E402
from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from benchmarks.training.warm_start import load_weights  # noqa: E402
from mn_dataset.audio.io import file_sha256  # noqa: E402
from mn_dataset.errors import DatasetError, InputError  # noqa: E402


@pytest.fixture(scope="module")
def first(networks, learnable_folder, quick, tmp_path_factory):
    """A stretch of eight steps."""
    run = tmp_path_factory.mktemp("runs") / "first"
    train(f"{networks}:Masking", learnable_folder, run, config=quick())
    return run


def learned(run):
    with (run / "sources.csv").open(encoding="utf-8", newline="") as lines:
        return {row["id"] for row in csv.DictReader(lines) if row["split"] == "train"}


def test_the_first_weights_are_those_that_were_named(
    first, networks, learnable_folder, quick, tmp_path
):
    """With next to no learning rate they are also the last; their hash and steps are kept."""
    run, still = tmp_path / "run", quick(optimizer__learning_rate=1e-12)
    train(f"{networks}:Masking@{first}", learnable_folder, run, config=still, seed=1)

    before, after = (load_file(one / weights_file.WEIGHTS_NAME) for one in (first, run))
    facts = weights_file.read_card(run / weights_file.WEIGHTS_NAME).facts["began_with"]
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)
    assert facts["sha256"] == file_sha256(first / weights_file.WEIGHTS_NAME)
    assert (
        facts["steps"] == weights_file.read_card(first / weights_file.WEIGHTS_NAME).facts["steps"]
    )
    assert facts["seed"] == 0


def test_a_stretch_goes_on_only_from_the_weights_it_began_with(
    first, networks, learnable_folder, quick, tmp_path
):
    """Fresh ones, or others, are another run."""
    run = tmp_path / "run"
    half = quick(limits__max_steps=4)
    train(f"{networks}:Masking@{first}", learnable_folder, run, config=half)

    with pytest.raises(DatasetError, match="began_with is"):
        train(f"{networks}:Masking", learnable_folder, run, config=quick(), resume=True)
    outcome = train(
        f"{networks}:Masking@{first}", learnable_folder, run, config=quick(), resume=True
    )
    assert outcome.steps == 8


def test_a_network_of_other_options_is_refused(first, networks, learnable_folder, quick, tmp_path):
    """Weights fit the network that they were learned in."""
    wider = quick(model={"width": 8})

    with pytest.raises(InputError, match=r"its network has width = 4, the configuration asks"):
        train(f"{networks}:Masking@{first}", learnable_folder, tmp_path / "run", config=wider)


def test_what_was_learned_before_stays_among_the_sources(
    first, networks, relabelled, quick, tmp_path
):
    """Though the second stretch does not hear it."""
    fewer = relabelled(clean_train_0={"split": "test"}, noise_train_1={"split": "test"})
    run = tmp_path / "run"
    train(f"{networks}:Masking@{first}", fewer, run, config=quick(limits__max_steps=4))

    ids = weights_file.read_card(run / weights_file.WEIGHTS_NAME).facts["data"]["train"]["ids"]
    assert {"clean/train_0", "noise/train_1"} <= learned(run) == learned(first)
    assert set(ids) == learned(run)


def test_what_was_learned_before_validates_nothing(first, networks, relabelled, quick, tmp_path):
    """Whatever its split is called now."""
    moved = relabelled(clean_train_0={"split": "validation"})

    with pytest.raises(InputError, match=r"clean/train_0 is to be validated with, and the weights"):
        train(f"{networks}:Masking@{first}", moved, tmp_path / "run", config=quick())


def test_weights_without_sources_are_used_and_that_is_said(first, networks, tmp_path, caplog):
    """Converted ones have none."""
    alone = tmp_path / "alone.safetensors"
    alone.write_bytes((first / weights_file.WEIGHTS_NAME).read_bytes())

    first = load_weights(
        construct(registry.denoiser(f"{networks}:Masking")), alone, {}, train_frames=1
    )

    assert first.trained_on is None
    assert "what it learned from is unknown" in caplog.text
