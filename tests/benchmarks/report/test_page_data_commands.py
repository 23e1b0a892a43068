from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

from benchmarks.report.page_data import INPUT, again, input_file
from benchmarks.report.summary import Board, read_board


def board_of(run: Path, *, denoiser: dict[str, Any], **dataset: str) -> Board:
    """The board of a run that tells this of its last denoiser and of its dataset."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][-1] |= denoiser
    story["dataset"] |= dataset
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    return read_board(run)


def test_a_mixture_s_file_is_found_from_the_run(run: Path) -> None:
    """WAV or FLAC: the shell finds which; an older run knows the dataset's name alone."""
    board = board_of(run, denoiser={}, path="../my data")
    assert input_file(board, "test/000017") == "'../my data/audio/test/000017.noisy.'*"

    del board.run["dataset"]["path"]
    assert input_file(board, "test/000017") == "built/audio/test/000017.noisy.*"


def test_a_denoiser_is_asked_for_as_the_run_did(run: Path) -> None:
    """A file of somebody's own, whatever its name; an older run tells the denoiser's name alone."""
    board = board_of(run, denoiser={"request": "../my file.py:Half"})
    item = board.run["denoisers"][-1]

    words = shlex.split(again(board, item))

    assert words == ["mn", "denoise", INPUT, "--denoiser", "../my file.py:Half", "--out", "again"]
    del item["request"]
    assert shlex.split(again(board, item))[4] == "mask"


def test_who_is_told_more_than_the_mixture_is_benched(run: Path) -> None:
    """`mn denoise` has nothing to tell it; the device of the run is asked for again."""
    board = board_of(run, denoiser={"needs": ["clean"]}, path="../data")
    board.run["settings"]["device"] = "cuda"

    assert again(board, board.run["denoisers"][-1]) == (
        "mn bench ../data --denoisers noisy,mask --out again --device cuda"
    )
