"""A run folder holds one run, and says what differs from it."""

import subprocess
import sys

import pytest

from benchmarks.training.history import HEADER, History, StepRecord
from benchmarks.training.run_folder import TRAIN_JSON, RunFolder
from mn_dataset.errors import DatasetError, InputError, OutputError


def record(step, **fields):
    fixed = {"epoch": 0, "loss": 0.5, "learning_rate": 1e-3, "grad_norm": 2.0, "skipped": 0}
    return StepRecord(**{"step": step, "seconds": 1.5, **fixed, **fields})


def test_lines_are_what_was_measured(tmp_path):
    """Validation stands in the line of its step, and nothing where there was none."""
    history = History(tmp_path)
    history.rewind(0)
    history.append(record(1))
    history.append(record(2, si_sdr_db=7.25, gain_db=-0.5, loss=float("nan")))

    assert history.path.read_text(encoding="utf-8") == (
        f"{HEADER}\n1,0,0.5,0.001,2.0,0,1.5,,\n" + "2,0,nan,0.001,2.0,0,1.5,7.25,-0.5\n"
    )


def test_what_comes_again_is_not_there_twice(tmp_path):
    """Lines after the checkpoint go, and so does one that a kill tore."""
    history = History(tmp_path)
    history.rewind(0)
    for step in (1, 2, 3, 10):
        history.append(record(step))
    before = history.path.read_bytes()
    history.path.write_bytes(before + b"2,0,0.")

    history.rewind(3)

    kept = history.path.read_text(encoding="utf-8").splitlines()
    assert [line.split(",")[0] for line in kept] == ["step", "1", "2", "3"]
    assert list(tmp_path.iterdir()) == [history.path]


def test_a_validation_that_came_late_stands_in_the_line_of_its_step(tmp_path):
    """As if it had come at once."""
    amended, whole = History(tmp_path / "amended"), History(tmp_path / "whole")
    for history in (amended, whole):
        history.path.parent.mkdir()
        history.rewind(0)
        history.append(record(1))
    amended.append(record(2))
    whole.append(record(2, si_sdr_db=7.25, gain_db=-0.5))

    amended.amend(2, si_sdr_db=7.25, gain_db=-0.5)

    assert amended.path.read_bytes() == whole.path.read_bytes()


SETTINGS = {"model": "m", "config": {"data": {"batch": 2, "snr_db": (0.0, 5.0)}}}


@pytest.fixture
def folder(tmp_path):
    run = RunFolder(tmp_path / "run")
    run.write({"settings": SETTINGS, "starts": []})
    return run


def test_the_same_settings_are_taken(folder):
    """Tuples come back as lists, and are the same."""
    folder.check(SETTINGS, resume=True)
    folder.check(SETTINGS, resume=False)


def test_other_settings_are_refused_with_what_differs(folder):
    """By dotted name, there and here."""
    other = {"model": "m", "config": {"data": {"batch": 4, "snr_db": (0.0, 5.0)}}}

    with pytest.raises(
        DatasetError, match=r"config\.data\.batch is 2 there, 4 here; choose another folder"
    ):
        folder.check(other, resume=True)


def test_a_run_with_checkpoints_is_continued_on_demand_only(folder):
    """Nobody's work is overwritten."""
    (folder.checkpoints / "step-00000001").mkdir(parents=True)

    folder.check(SETTINGS, resume=True)
    with pytest.raises(DatasetError, match="resume is False; set it"):
        folder.check(SETTINGS, resume=False)


HOLDER = """
import sys
from pathlib import Path
from benchmarks.training.run_folder import RunFolder

with RunFolder(Path(sys.argv[1])).locked():
    print("in", flush=True)
    sys.stdin.read()
"""


def test_a_second_run_is_kept_out_until_the_first_has_ended(folder):
    """Even by a kill; and the lock leaves no file."""
    before = sorted(folder.root.iterdir())
    command = [sys.executable, "-c", HOLDER, str(folder.root)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout.readline().strip() == b"in"
        with pytest.raises(InputError, match=r"`mn train`.* writes there now"), folder.locked():
            pass
        holder.kill()

    with folder.locked():
        folder.check(SETTINGS, resume=False)
    assert sorted(folder.root.iterdir()) == before


def test_a_file_where_the_folder_should_be_is_told(tmp_path):
    """With what to do."""
    (tmp_path / "run").touch()

    with (
        pytest.raises(OutputError, match="choose another place"),
        RunFolder(tmp_path / "run").locked(),
    ):
        pass


def test_an_empty_folder_or_none_is_begun(tmp_path):
    """With resume or without."""
    for root in (tmp_path, tmp_path / "none"):
        for resume in (True, False):
            RunFolder(root).check(SETTINGS, resume=resume)


def test_a_folder_of_something_else_is_refused(tmp_path):
    """It holds files, but no run."""
    (tmp_path / "thesis.tex").touch()

    with pytest.raises(DatasetError, match=f"no {TRAIN_JSON}"):
        RunFolder(tmp_path).check(SETTINGS, resume=True)


def test_a_damaged_description_is_refused(folder):
    """It cannot be told what run it is."""
    (folder.root / TRAIN_JSON).write_text("{", encoding="utf-8")

    with pytest.raises(DatasetError, match="not JSON"):
        folder.check(SETTINGS, resume=True)
