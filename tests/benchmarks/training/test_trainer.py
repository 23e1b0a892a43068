"""A run goes on after whatever stopped it as if nothing had, and holds what is needed to use it."""

import importlib.metadata
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from benchmarks.harness.apply import load_denoiser  # noqa: E402 - once torch is there
from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.training import checkpoint  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset.errors import DatasetError  # noqa: E402


def test_a_run_folder_holds_what_is_needed_to_use_and_to_continue_it(
    unbroken, networks, learnable_folder, quick, history
):
    """Weights with their card, checkpoints, the curve, events, and where it all came from."""
    description = json.loads((unbroken / "train.json").read_text(encoding="utf-8"))
    card = weights_file.read_card(unbroken / weights_file.WEIGHTS_NAME)

    assert [path.name for path in checkpoint.list_checkpoints(unbroken / "checkpoints")][-2:] == [
        "step-00000006",
        "step-00000008",
    ]
    assert [row["step"] for row in history(unbroken)] == [str(step) for step in range(1, 9)]
    assert [row["epoch"] for row in history(unbroken)] == list("00011122")
    assert [bool(row["gain_db"]) for row in history(unbroken)] == [False] * 3 + [True] + [
        False
    ] * 3 + [True]
    assert list((unbroken / "tensorboard").iterdir())
    assert description["settings"]["model"] == card.model == "masking"
    assert description["settings"]["data"]["corpus_hash"] == card.facts["data"]["corpus_hash"]
    assert description["starts"][0]["packages"]["torch"] == importlib.metadata.version("torch")
    assert description["outcome"]["steps"] == 8
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


def test_two_runs_with_one_seed_are_equal_and_with_another_are_not(
    masking, unbroken, tmp_path, same
):
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


def test_a_run_in_two_halves_is_the_run_in_one(masking, unbroken, tmp_path, same):
    """Stopped by a limit in the middle of an epoch, and made longer."""
    half = tmp_path / "half"
    masking(half, limits__max_steps=4)

    masking(half, resume=True)

    assert same(unbroken, half)


class Killed(BaseException):
    """Stands for a kill: nothing in the project may catch it."""


@pytest.mark.parametrize("renames", [1, 2, 3, 5, 7, 9, 11])
def test_a_run_that_dies_while_it_writes_goes_on_as_if_it_had_not(
    masking, unbroken, tmp_path, renames, same
):
    """At any file that it is about to put in place: description, curve, weights, checkpoint."""
    broken, left, replace = tmp_path / "broken", [renames], Path.replace

    def dying(path, target):
        left[0] -= 1
        if not left[0]:
            raise Killed
        return replace(path, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", dying)
        with pytest.raises(Killed):
            masking(broken)

    masking(broken, resume=True)

    assert same(unbroken, broken)
    assert not [path for path in broken.rglob("*") if path.name.startswith(".")]


def test_what_a_killed_run_left_half_written_is_swept_when_it_is_resumed(masking, tmp_path):
    """A temporary names the process that wrote it."""
    run, ended = tmp_path / "run", subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    masking(run, limits__max_steps=1)
    folder = run / "checkpoints" / f".step-00000002.mn-{ended.pid}-0.tmp"
    folder.mkdir()
    (folder / checkpoint.TENSORS).touch()
    (run / f".train.json.mn-{ended.pid}-1.tmp").touch()

    masking(run, limits__max_steps=1, resume=True)

    assert not [path for path in run.rglob("*") if path.name.startswith(".")]


def test_a_damaged_checkpoint_costs_the_steps_since_the_one_before(
    masking, unbroken, tmp_path, state, history
):
    """Nothing else."""
    half = tmp_path / "half"
    masking(half, limits__max_steps=6)
    newest = checkpoint.list_checkpoints(half / "checkpoints")[-1] / checkpoint.TENSORS
    newest.write_bytes(newest.read_bytes()[:-5])

    masking(half, resume=True)

    # The end of the first half was validated too; that line is not in the unbroken curve.
    first, second = state(unbroken), state(half)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert [row["step"] for row in history(half)] == [str(step) for step in range(1, 9)]


def test_a_run_without_a_whole_checkpoint_is_not_begun_anew(masking, tmp_path):
    """The best weights that it kept would be overwritten."""
    run = tmp_path / "run"
    masking(run, limits__max_steps=4)
    for path in checkpoint.list_checkpoints(run / "checkpoints"):
        (path / checkpoint.PROGRESS).unlink()
    kept = (run / weights_file.WEIGHTS_NAME).read_bytes()

    with pytest.raises(DatasetError, match="no checkpoint can be continued: step-00000004 is not"):
        masking(run, resume=True)

    assert (run / weights_file.WEIGHTS_NAME).read_bytes() == kept


def test_another_number_of_threads_is_told_when_a_run_is_resumed(masking, tmp_path, caplog):
    """Sums are rounded otherwise; that is no reason to refuse."""
    run, description = tmp_path / "run", tmp_path / "run/train.json"
    masking(run, limits__max_steps=1)
    content = json.loads(description.read_text(encoding="utf-8"))
    content["starts"][0]["threads"] = 99
    description.write_text(json.dumps(content), encoding="utf-8")

    masking(run, resume=True, limits__max_steps=2)

    assert "threads here, 99 in the start before" in caplog.text


KILLED = """
import sys
from benchmarks.training.config_file import load_config
from benchmarks.training.train import train

train(sys.argv[1], sys.argv[2], sys.argv[3], config=sys.argv[4], resume=True)
"""


def test_a_run_that_is_killed_goes_on_as_if_it_had_not(networks, learnable_folder, tmp_path, same):
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
    with pytest.raises(DatasetError, match="resume is False; set it to continue"):
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
