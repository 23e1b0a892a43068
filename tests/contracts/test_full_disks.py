"""Commands with two processes say in one line that a disk is full, and finish when it has room."""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest

from mn_dataset.audio.io import write_wav
from mn_dataset.cli import app
from mn_dataset.commands import terminal

DRAWN = ("--split", "test", "--snr-db", 5, "--count", 48, "--seconds", 0.5)
COMMANDS = {
    "curate": ("{recordings}", "--whole"),
    "build": ("{corpus}", *DRAWN),
}


@pytest.fixture
def disk(tmp_path):
    """Return a function that mounts a disk of so many bytes in memory, or gives it another size."""
    if os.name != "posix" or os.geteuid():
        pytest.skip("mounts a disk, as root may")
    folder = tmp_path / "disk"
    folder.mkdir()

    def sized(num_bytes):
        options = f"size={num_bytes}" + ",remount" * folder.is_mount()
        command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        if found.returncode:
            pytest.skip(f"no disk can be mounted here: {found.stderr.strip()}")
        return folder

    yield sized
    if folder.is_mount():
        subprocess.run(["umount", folder], check=True)


def files(folder):
    """Read every file but a dataset's card, which names the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "README.md"
    }


@pytest.fixture
def recordings(tmp_path):
    """Six of two seconds."""
    folder = tmp_path / "recordings"
    (folder / "piano").mkdir(parents=True)
    for number in range(6):
        samples = np.rint(8000 * np.sin(np.arange(88_200) / (20 + number))).astype(np.int16)
        write_wav(folder / f"piano/{number}.wav", samples, sampling_rate=44_100)
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_the_rerun_ends_in_the_right_bytes(command, tiny_folder, recordings, disk, capfd):
    """No temporary stays, workers say nothing, and what was noted is not made again."""
    places = {"recordings": recordings, "corpus": tiny_folder}
    words = [str(word).format(**places) for word in COMMANDS[command]]
    words = [command, *words, "--workers", "2", "--out"]
    out = recordings.parent / "out"
    assert terminal.run(app, [*words, str(out)]) == 0
    whole = files(out)
    size = sum(map(len, whole.values()))
    folder = disk(size // 2 // 4096 * 4096)
    capfd.readouterr()

    code = terminal.run(app, [*words, str(folder / "out")])

    told = capfd.readouterr().err
    assert code == 1
    assert "cannot be written (No space left on device); free some space, or" in told
    assert told.count("\n") == 1
    times = {path: path.stat().st_mtime_ns for path in folder.rglob("*.wav")}
    assert not [path for path in folder.rglob(".*") if path.suffix == ".tmp"]

    disk(4 * size)
    assert terminal.run(app, [*words, str(folder / "out")]) == 0
    assert files(folder / "out") == whole
    assert any(path.stat().st_mtime_ns == time_ns for path, time_ns in times.items())
