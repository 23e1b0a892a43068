"""Every command that writes a folder lets one process at a time into it, and says who that is."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from mn_dataset.audio.io import write_wav

HOLD = """
import sys
from pathlib import Path
from mn_dataset.files.lock import locked

with locked(Path(sys.argv[1]), command="mn something"):
    halt()
"""
DRAWN = ("--split", "test", "--snr-db", 5, "--count", 2, "--seconds", 0.5)


@pytest.fixture(scope="module")
def prepared(tiny_folder, tmp_path_factory):
    """A folder with a corpus, recordings, recipes, a dataset and a run, made by the commands."""
    from benchmarks.cli import app  # noqa: PLC0415 - the commands themselves are under test
    from mn_dataset.commands import terminal  # noqa: PLC0415 - the same

    root = tmp_path_factory.mktemp("prepared")
    shutil.copytree(tiny_folder, root / "corpus")
    (root / "recordings/piano").mkdir(parents=True)
    take = np.rint(8000 * np.sin(np.arange(88_200) / 20)).astype(np.int16)
    write_wav(root / "recordings/piano/take.wav", take, sampling_rate=44_100)
    words = [
        ("draw", root / "corpus", "--out", root / "recipes.parquet", *DRAWN),
        ("build", root / "corpus", "--out", root / "dataset", *DRAWN),
        ("bench", root / "dataset", "--denoisers", "noisy", "--metrics", "snr", "--examples", 0,
         "--workers", 0, "--out", root / "run"),
        ("publish", root / "dataset", "--to", root / "published", "--recipe-only"),
    ]  # fmt: skip
    for line in words:
        assert terminal.run(app, [str(word) for word in line]) == 0
    return root


COMMANDS = {
    "fetch": ("synthetic", "--root", "{root}/corpora", "corpora/synthetic"),
    "curate": ("{root}/recordings", "--out", "{out}", "--whole"),
    "split": ("{root}/corpus", "--in-place", "corpus"),
    "render": ("{root}/recipes.parquet", "--corpus", "{root}/corpus", "--out", "{out}"),
    "build": ("{root}/corpus", "--out", "{out}", *DRAWN),
    "publish": ("{root}/dataset", "--recipe-only", "--to", "{out}"),
    "rebuild": ("{root}/published", "--corpus", "{root}/corpus", "--out", "{out}"),
    "bench": ("{root}/dataset", "--denoisers", "noisy", "--metrics", "snr", "--examples", 0,
              "--workers", 0, "--out", "{out}"),
    "report": ("{root}/run", "run"),
    "denoise": ("{root}/recordings", "--denoiser", "wiener", "--out", "{out}"),
}  # fmt: skip
"""The words of each command. The folder that it writes is ``{out}``, or the last word, which is no
part of the command and lies below the root."""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_second_process_is_told_who_writes_and_a_killed_one_is_followed(
    command, prepared, halted, mn, tmp_path
):
    """Exit 1 with command and process while it lives; done, with exit 0, once it was killed."""
    if command == "publish":
        pytest.importorskip("datasets", reason="needs: pip install 'mn-dataset[publish]'")
    words = [str(word).format(root=prepared, out=tmp_path / "out") for word in COMMANDS[command]]
    folder = tmp_path / "out"
    if "{out}" not in COMMANDS[command]:
        folder = prepared / words.pop()
    owner = halted(HOLD, folder)

    code, _, told = mn(command, *words)

    assert code == 1
    assert f"`mn something` (process {owner.pid} on " in told
    assert "Traceback" not in told

    owner.kill()
    owner.wait()
    code, _, told = mn(command, *words)

    assert (code, told if code else "") == (0, "")
