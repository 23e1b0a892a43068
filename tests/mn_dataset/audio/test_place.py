"""Files appear whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from mn_dataset.audio.place import place_text, place_wav, sweep
from mn_dataset.errors import OutputError


def test_a_file_takes_its_place_and_leaves_nothing_else(tmp_path):
    """Folders are made; an old file is replaced."""
    for text in ("old\n", "new é\n"):
        place_text(tmp_path / "a/b/c.csv", text)
    place_wav(tmp_path / "a/b/c.wav", np.zeros(3, np.int16))

    assert (tmp_path / "a/b/c.csv").read_bytes() == "new é\n".encode()
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == {"c.csv", "c.wav"}


def test_a_place_that_cannot_be_written_is_one_message(tmp_path):
    """Named, with what to do."""
    (tmp_path / "a").write_text("")
    with pytest.raises(OutputError, match=r"a/b\.csv: cannot be written \(.*\); free or choose"):
        place_text(tmp_path / "a/b.csv", "")


def test_a_sweep_leaves_what_a_living_run_writes(tmp_path):
    """Its process stands in the name; one that was killed and not yet reaped is no living one."""
    sleeper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    path = tmp_path / f".a.wav.{sleeper.pid}.tmp"
    place_text(path, "")
    sweep(tmp_path)
    assert path.exists()

    os.kill(sleeper.pid, signal.SIGKILL)
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    sweep(tmp_path)
    assert not path.exists()
    sleeper.communicate()


def test_a_sweep_removes_only_temporaries(tmp_path):
    """Hidden and ending in .tmp, at any depth."""
    for name in ("a/.b.wav.4194305.tmp", "a/b.wav", "a/.keep", "a/b.tmp"):
        place_text(tmp_path / name, "")
    sweep(tmp_path)
    sweep(tmp_path / "nowhere")

    assert {path.name for path in (tmp_path / "a").iterdir()} == {"b.wav", ".keep", "b.tmp"}
