from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.leaderboard.run_folder import Record, RunFolder, read_run
from mn_dataset.errors import DatasetError


def record(name: str) -> Record:
    return Record(name, {"snr@1": (1.25, "ok"), "pesq@1": (None, "no_utterance")}, seconds=0.5)


def test_a_journal_returns_what_was_appended(tmp_path: Path) -> None:
    """Records come back in order, numbers to the last bit."""
    journal = RunFolder(tmp_path).journal("wiener", "1")
    journal.append(record("a"))
    journal.append(record("b"))

    found = list(journal.entries())

    assert [item.mixture_id for item in found] == ["a", "b"]
    assert found[0].scores["snr@1"] == (1.25, "ok")
    assert found[0].seconds == 0.5


@pytest.mark.parametrize("cut", [1, 2, 30, 10_000])
def test_every_tear_of_the_last_line_leaves_the_others(tmp_path: Path, cut: int) -> None:
    """Wherever a kill tears the last line, the lines before stay and the next one is whole."""
    journal = RunFolder(tmp_path).journal("wiener", "1")
    journal.append(record("a"))
    first = journal.path.stat().st_size
    journal.append(record("b"))
    payload = journal.path.read_bytes()
    journal.path.write_bytes(payload[: max(first, len(payload) - cut)])

    assert [item.mixture_id for item in journal.entries()] == ["a"]
    journal.append(record("c"))
    assert [item.mixture_id for item in journal.entries()] == ["a", "c"]


def test_a_damaged_line_is_passed_over(tmp_path: Path) -> None:
    """What cannot be read is done again, not complained of."""
    journal = RunFolder(tmp_path).journal("wiener", "1")
    journal.append(record("a"))
    with journal.path.open("ab") as file:
        file.write(b'\xff\xfe{"mixture_id"\n{"other": 1}\n')
    journal.append(record("b"))

    assert [item.mixture_id for item in journal.entries()] == ["a", "b"]


def test_a_broken_run_json_is_said(tmp_path: Path) -> None:
    """A run folder without a readable description is refused by name."""
    with pytest.raises(DatasetError, match="no such file; make a run"):
        read_run(tmp_path)
    (tmp_path / "run.json").write_text("{", encoding="utf-8")
    with pytest.raises(DatasetError, match="not JSON"):
        read_run(tmp_path)


def test_an_empty_folder_may_become_a_run(tmp_path: Path) -> None:
    """A folder that is new or empty belongs to nobody; one of the same settings is ours."""
    folder = RunFolder(tmp_path, {"device": "cpu"})
    assert folder.open() == {}

    (tmp_path / "run.json").write_text(
        json.dumps({"settings": {"device": "cpu"}, "seed": 4}), encoding="utf-8"
    )

    assert folder.open()["seed"] == 4
