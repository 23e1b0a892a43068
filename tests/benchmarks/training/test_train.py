"""A run learns, ends, and goes on after whatever stopped it as if nothing had."""

import csv
import importlib.metadata
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks.harness.apply import load_denoiser  # noqa: E402
from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.training import checkpoint, signals  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset.errors import (  # noqa: E402
    DatasetError,
    InputError,
    MissingExtra,
    MnError,
    OutputError,
    UnknownName,
)
from mn_dataset.mix.draw import draw  # noqa: E402
from mn_dataset.mix.render import render  # noqa: E402

CONTINUE = "continue with the same command and --resume"
PRECISIONS = ("float32", "bfloat16")
OPTIONS = {"seed", "resume", "progress", "device"}


def history(run):
    """Return the curve without what a clock says."""
    with (run / "history.csv").open(encoding="utf-8") as lines:
        return [{**row, "seconds": ""} for row in csv.DictReader(lines)]


def state(run):
    """Return the tensors of the newest checkpoint."""
    return checkpoint.newest(run / "checkpoints")[0]


def same(one, other):
    """Tell whether two runs ended in the same weights, averages, moments, chance and curve."""
    first, second = state(one), state(other)
    shipped = [load_file(run / weights_file.WEIGHTS_NAME) for run in (one, other)]
    return (
        first.keys() == second.keys()
        and all(torch.equal(first[name], second[name]) for name in first)
        and all(torch.equal(shipped[0][name], shipped[1][name]) for name in shipped[0])
        and history(one) == history(other)
    )


@pytest.fixture(scope="module")
def masking(networks, learnable_folder, quick):
    """Return a function that trains the small network with dropout."""

    def trained(out, *, network="Masking", data=learnable_folder, **changes):
        options = {name: changes.pop(name) for name in OPTIONS & changes.keys()}
        chance = {"model": {"dropout": 0.2}} if network == "Masking" else {}
        return train(
            f"{networks}:{network}", data, out, config=quick(**chance | changes), **options
        )

    return trained


@pytest.fixture(scope="module")
def unbroken(masking, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "unbroken"
    masking(run)
    return run


def test_a_run_folder_holds_what_is_needed_to_use_and_to_continue_it(
    unbroken, networks, learnable_folder, quick
):
    """Weights with their card, checkpoints, the curve, events, and where it all came from."""
    told = json.loads((unbroken / "train.json").read_text(encoding="utf-8"))
    card = weights_file.read_card(unbroken / weights_file.WEIGHTS_NAME)

    assert [path.name for path in checkpoint.found(unbroken / "checkpoints")][-2:] == [
        "step-00000006",
        "step-00000008",
    ]
    assert [row["step"] for row in history(unbroken)] == [str(step) for step in range(1, 9)]
    assert [row["epoch"] for row in history(unbroken)] == list("00011122")
    assert [bool(row["gain_db"]) for row in history(unbroken)] == [False] * 3 + [True] + [
        False
    ] * 3 + [True]
    assert list((unbroken / "tensorboard").iterdir())
    assert told["settings"]["model"] == card.model == "masking"
    assert told["settings"]["data"]["corpus_hash"] == card.facts["data"]["corpus_hash"]
    assert told["starts"][0]["packages"]["torch"] == importlib.metadata.version("torch")
    assert told["outcome"]["steps"] == 8
    assert card.facts["steps"] in (4, 8)
    assert card.facts["data"]["train"]["recordings"] == 6
    assert card.facts["seed"] == 0
    assert card.facts["validation"]["mixtures"] == 3


def test_the_weights_denoise_by_name_and_run(unbroken, networks):
    """As ``NAME@RUN``, everywhere."""
    denoiser = load_denoiser(f"{networks}:Masking@{unbroken}")
    noisy = np.zeros((1, 1, 5000), np.float32)
    noisy[..., ::7] = 0.1

    assert denoiser(noisy, 44_100).shape == noisy.shape
    assert denoiser.name == "masking@unbroken"


def test_two_runs_with_one_seed_are_equal_and_with_another_are_not(masking, unbroken, tmp_path):
    """Bit for bit, whatever was drawn from torch's generator in between."""
    torch.rand(3)
    masking(tmp_path / "again")
    masking(tmp_path / "other", seed=1)

    assert same(unbroken, tmp_path / "again")
    assert not same(unbroken, tmp_path / "other")


def test_training_leaves_the_generator_of_its_caller_alone(masking, tmp_path):
    """Dropout draws from a copy."""
    before = torch.get_rng_state()

    masking(tmp_path / "run", limits__max_steps=1)

    assert torch.equal(torch.get_rng_state(), before)


def test_a_run_in_two_halves_is_the_run_in_one(masking, unbroken, tmp_path):
    """Stopped by a limit in the middle of an epoch, and made longer."""
    half = tmp_path / "half"
    masking(half, limits__max_steps=4)

    masking(half, resume=True)

    assert same(unbroken, half)


class Killed(BaseException):
    """Stands for a kill: nothing in the project may catch it."""


@pytest.mark.parametrize("renames", [1, 2, 3, 5, 7, 9, 11])
def test_a_run_that_dies_while_it_writes_goes_on_as_if_it_had_not(
    masking, unbroken, tmp_path, monkeypatch, renames
):
    """At any file that it is about to put in place: description, curve, weights, checkpoint."""
    broken, left, replace = tmp_path / "broken", [renames], Path.replace

    def dying(path, target):
        left[0] -= 1
        if not left[0]:
            raise Killed
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(Killed):
            masking(broken)

    masking(broken, resume=True)

    assert same(unbroken, broken)
    assert not [path for path in broken.rglob("*") if path.name.startswith(".")]


def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before(masking, unbroken, tmp_path):
    """Nothing else."""
    half = tmp_path / "half"
    masking(half, limits__max_steps=6)
    newest = checkpoint.found(half / "checkpoints")[-1] / checkpoint.TENSORS
    newest.write_bytes(newest.read_bytes()[:-5])

    masking(half, resume=True)

    # The end of the first half was validated too; that line is not in the unbroken curve.
    first, second = state(unbroken), state(half)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [row["step"] for row in history(half)] == [str(step) for step in range(1, 9)]


def test_ctrl_c_ends_the_step_keeps_it_and_can_be_continued(masking, unbroken, tmp_path):
    """The outcome says that it was interrupted."""
    stopped, told = tmp_path / "stopped", []

    def interrupt(done, total):
        told.append(total - done)
        if len(told) == 3:
            os.kill(os.getpid(), signal.SIGINT)

    outcome = masking(stopped, progress=interrupt)

    assert (outcome.interrupted, outcome.steps) == (True, 4)
    assert str(outcome).startswith("4 steps; interrupted\nbest in validation: ")
    assert str(outcome).endswith(f"use it as masking@{stopped}\n" + CONTINUE)
    assert checkpoint.newest(stopped / "checkpoints")[1].step == 4
    assert not masking(stopped, resume=True).interrupted
    assert same(unbroken, stopped)


def test_a_run_that_was_stopped_in_its_last_step_is_validated_when_it_is_resumed(
    masking, unbroken, tmp_path
):
    """Its weights are shipped, and it ends as one that was not stopped."""
    stopped = tmp_path / "stopped"
    with pytest.MonkeyPatch.context() as patch:
        # Asked for before the first step, noticed after it.
        patch.setattr(signals.Request, "__init__", lambda self: setattr(self, "made", True))
        assert masking(stopped, limits__max_steps=1).interrupted
    assert not (stopped / weights_file.WEIGHTS_NAME).exists()

    outcome = masking(stopped, resume=True, limits__max_steps=1)
    masking(tmp_path / "once", limits__max_steps=1)

    assert (outcome.reason, outcome.best_step) == ("all steps are done", 1)
    assert same(stopped, tmp_path / "once")
    assert masking(stopped, resume=True, limits__max_steps=1) == outcome


def test_a_run_without_a_whole_checkpoint_is_not_begun_anew(masking, tmp_path):
    """The best weights that it kept would be overwritten."""
    run = tmp_path / "run"
    masking(run, limits__max_steps=4)
    for place in checkpoint.found(run / "checkpoints"):
        (place / checkpoint.PROGRESS).unlink()
    kept = (run / weights_file.WEIGHTS_NAME).read_bytes()

    with pytest.raises(DatasetError, match="no checkpoint can be continued: step-00000004 is not"):
        masking(run, resume=True)

    assert (run / weights_file.WEIGHTS_NAME).read_bytes() == kept


@pytest.mark.parametrize("module", ["loop.weights_file.save", "monitor.SummaryWriter"])
def test_a_full_disk_is_told_with_place_and_cure(masking, tmp_path, monkeypatch, module):
    """Whoever writes: weights or TensorBoard."""

    def full(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"benchmarks.training.{module}", full)
    with pytest.raises(OutputError, match=r"run.*No space left on device\); free some space"):
        masking(tmp_path / "run", limits__max_steps=1)


def test_another_number_of_threads_is_told_when_a_run_is_resumed(masking, tmp_path, caplog):
    """Sums are rounded otherwise; that is no reason to refuse."""
    run, told = tmp_path / "run", tmp_path / "run/train.json"
    masking(run, limits__max_steps=1)
    said = json.loads(told.read_text(encoding="utf-8"))
    said["starts"][0]["threads"] = 99
    told.write_text(json.dumps(said), encoding="utf-8")

    masking(run, resume=True, limits__max_steps=2)

    assert "threads here, 99 in the start before" in caplog.text


KILLED = """
import sys
from benchmarks.training.config_file import load_config
from benchmarks.training.train import train

train(sys.argv[1], sys.argv[2], sys.argv[3], config=sys.argv[4], resume=True)
"""


def test_a_run_that_is_killed_goes_on_as_if_it_had_not(networks, learnable_folder, tmp_path):
    """kill -9 between two steps, or in the middle of one."""
    config = tmp_path / "config.toml"
    config.write_text(
        "loss = [{ mae = 1.0 }]\n[model]\ndropout = 0.2\n"
        "[data]\nsegment_s = 0.4\nbatch = 2\nitems_per_epoch = 10\nworkers = 0\n"
        "[validation]\nevery_steps = 10\nmixtures = 2\nseconds = 0.4\n"
        "[limits]\nmax_steps = 40\ncheckpoint_steps = 7\n",
        encoding="utf-8",
    )
    words = [f"{networks}:Masking", learnable_folder, tmp_path / "killed", config]
    command = [sys.executable, "-c", KILLED, *map(str, words)]
    process = subprocess.Popen(command)
    curve = tmp_path / "killed" / "history.csv"
    while process.poll() is None and lines(curve) < 20:
        time.sleep(0.005)
    process.kill()
    process.wait()
    reached = lines(curve)

    subprocess.run(command, check=True)
    train(words[0], learnable_folder, tmp_path / "unbroken", config=config)

    assert 20 <= reached < 41
    assert same(tmp_path / "unbroken", tmp_path / "killed")


def lines(path):
    return len(path.read_bytes().splitlines()) if path.is_file() else 0


def test_another_run_in_the_folder_is_refused_with_what_differs(masking, unbroken):
    """Seed, configuration, model or data."""
    for changes, message in (
        ({"seed": 1}, "seed is 0 there, 1 here"),
        ({"data__batch": 3}, "config.data.batch is 2 there, 3 here"),
        ({"network": "Copying"}, 'model is "masking" there, "copying" here'),
    ):
        with pytest.raises(DatasetError, match=message):
            masking(unbroken, resume=True, **changes)
    with pytest.raises(DatasetError, match="add --resume"):
        masking(unbroken)


def test_a_finished_run_is_left_as_it_is(masking, unbroken):
    """It is told once more how it ended."""
    before = {
        path: path.read_bytes()
        for path in (unbroken / weights_file.WEIGHTS_NAME, unbroken / "history.csv")
    }

    outcome = masking(unbroken, resume=True)

    assert (outcome.steps, outcome.reason) == (8, "all steps are done")
    assert all(path.read_bytes() == content for path, content in before.items())


def test_validation_that_gets_no_better_ends_it(masking, tmp_path):
    """A network that cannot learn has its best at once."""
    outcome = masking(
        tmp_path / "run",
        network="Copying",
        validation__patience=2,
        validation__every_steps=1,
        limits__max_steps=50,
    )

    assert outcome.reason == "validation got no better"
    assert outcome.steps == 3
    assert outcome.best_step == 1


def test_epochs_and_minutes_end_it_too(masking, tmp_path):
    """Three steps an epoch; a millisecond is over after one step, and is counted over resumes."""
    epochs = masking(tmp_path / "epochs", limits={"max_epochs": 2})
    minutes = masking(tmp_path / "minutes", limits={"max_minutes": 1e-5})
    again = masking(tmp_path / "minutes", resume=True, limits={"max_minutes": 1e-5})

    assert (epochs.steps, epochs.reason) == (6, "all steps are done")
    assert (minutes.steps, minutes.reason) == (1, "the time is up")
    assert again == minutes


def test_steps_without_a_number_end_it_with_what_to_do(masking, tmp_path):
    """After as many in a row as the configuration allows."""
    with pytest.raises(MnError, match=r"step 3: .* not finite in 3 steps in a row; lower"):
        masking(tmp_path / "run", network="Breaking", optimizer__max_skipped=3)


def test_a_network_without_a_score_is_never_shipped(masking, tmp_path):
    """It is no best one, and the run says that there is none."""
    outcome = masking(tmp_path / "run", network="Breaking", limits__max_steps=4)

    assert outcome.best_db is None
    assert not (tmp_path / "run" / weights_file.WEIGHTS_NAME).exists()


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    masking, tmp_path, monkeypatch
):
    """Before any corpus is opened."""
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "accelerate" else found(name)
    )

    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[train\]'"):
        masking(tmp_path / "run", data=tmp_path)


def test_a_built_dataset_is_learned_from(masking, learnable, tmp_path):
    """Its mixtures, in segments."""
    recipes = draw(learnable, split=["train", "validation"], snr_db=[5], count=6, seconds=1.0)
    folder = render(recipes, learnable, tmp_path / "dataset")

    outcome = masking(tmp_path / "run", data=folder)

    assert outcome.steps == 8
    told = json.loads((tmp_path / "run/train.json").read_text(encoding="utf-8"))
    assert told["settings"]["data"]["kind"] == "dataset"


def test_bfloat16_learns_as_float32_does(masking, tmp_path):
    """With weights in float32, and a loss that is near."""
    masking(tmp_path / "float32", model={"dropout": 0.0})
    masking(tmp_path / "bfloat16", model={"dropout": 0.0}, optimizer__precision="bfloat16")

    found = [[float(row["loss"]) for row in history(tmp_path / kind)] for kind in PRECISIONS]
    # Eight bits of mantissa in two layers and a mask.
    np.testing.assert_allclose(*found, rtol=0.03)
    assert found[0] != found[1]
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
