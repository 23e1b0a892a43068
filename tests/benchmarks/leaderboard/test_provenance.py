from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.leaderboard.provenance import path_from, path_to, request_from, request_to


@pytest.mark.parametrize(
    "request_",
    [
        "wiener",
        "mmse_lsa+imcra",
        "{place}/mine.py:Half",
        "{place}/deepfilter.toml",
        "musicecan@{place}/runs/a",
        "{place}/mine.py:Net@{place}/weights.safetensors",
    ],
)
def test_a_request_survives_that_run_and_files_move_together(tmp_path: Path, request_: str) -> None:
    """What is written in one tree is found in a copy of it elsewhere; names stay names."""
    here, there = tmp_path / "here", tmp_path / "there" / "deeper"

    written = request_to(here / "out" / "run", request_.format(place=here))

    assert request_from(there / "out" / "run", written) == request_.format(place=there)
    assert str(tmp_path) not in written


def test_a_dataset_is_found_from_another_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way starts at the run folder, not where the command was typed."""
    monkeypatch.chdir(tmp_path)
    way = path_to(Path("run"), Path("data/set"))
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")

    assert way == "../data/set"
    assert path_from(Path("../run"), way) == tmp_path / "data" / "set"
