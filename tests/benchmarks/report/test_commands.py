from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from benchmarks.report.board import Board, read_board
from benchmarks.report.commands import NOISY, again, dataset, noisy_file, requests


def board_of(run: Path, *words: str, **changes: Any) -> Board:
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story |= {"command_line": list(words)} | changes
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    return read_board(run)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("mn", "bench", "my data/", "--out", "run"), "my data"),
        (("mn", "bench", "--out", "run", "--json", "data", "--examples", "3"), "data"),
        (("mn", "bench", "--out=run", "data"), "data"),
        (("mn", "demo", "--out", "here"), "built"),
        ((), "built"),
    ],
)
def test_the_dataset_is_where_it_was_typed(run: Path, words: tuple[str, ...], found: str) -> None:
    """Before or after the options; a run from Python knows the folder's name alone."""
    assert dataset(board_of(run, *words)) == found


def test_a_mixture_s_file_is_quoted_for_the_shell(run: Path) -> None:
    """WAV or FLAC: the shell finds which."""
    board = board_of(run, "mn", "bench", "my data", "--out", "run")

    assert noisy_file(board, "test/000017") == "'my data/audio/test/000017.noisy.'*"


def test_a_file_s_denoiser_is_asked_for_by_its_file(run: Path) -> None:
    """What was typed, where it is the only one that can be meant; else the name."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    names = [item | {"name": name} for item, name in zip(
        story["denoisers"], ("noisy", "wiener", "half", "musicecan@a"), strict=True
    )]  # fmt: skip
    typed = "noisy,wiener,./my file.py:Half,musicecan@runs/a"
    board = board_of(run, "mn", "bench", "d", "--denoisers", typed, denoisers=names)

    assert requests(board) == {
        "noisy": "noisy",
        "wiener": "wiener",
        "half": "./my file.py:Half",
        "musicecan@a": "musicecan@runs/a",
    }
    assert shlex.split(again(board, "half", "./my file.py:Half")) == [
        *("mn", "denoise", NOISY, "--denoiser", "./my file.py:Half", "--out", "again"),
    ]


def test_who_is_told_more_than_the_mixture_is_benched(run: Path) -> None:
    """`mn denoise` has nothing to tell it; the device of the run is asked for again."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][3] |= {"needs": ["clean"]}
    settings = story["settings"] | {"device": "cuda"}
    board = board_of(run, "mn", "bench", "d", denoisers=story["denoisers"], settings=settings)

    assert again(board, "mask", "mask") == (
        "mn bench d --denoisers noisy,mask --out again --device cuda"
    )
