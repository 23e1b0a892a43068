"""A run folder holds one run, and says what differs from it."""

import subprocess
import sys

import pytest

from benchmarks.training.run_folder import TRAIN_JSON, RunFolder
from mn_dataset.errors import DatasetError, InputError, OutputError

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
