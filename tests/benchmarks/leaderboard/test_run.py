from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.leaderboard.run import bench
from benchmarks.report.report import report
from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import DatasetError, InputError


def calls(plugins: Path) -> int:
    file = plugins.with_name(f"{plugins.name}.calls")
    return len(file.read_text(encoding="utf-8")) if file.is_file() else 0


def test_a_run_counts_the_time_of_denoisers_and_libraries(dataset: Path, tmp_path: Path) -> None:
    """Both are within the wall clock; a run that had nothing to do keeps what was told."""
    for _ in range(2):
        bench(
            dataset, ["noisy", "wiener"], tmp_path / "run", metrics=["stoi"], workers=0, examples=0
        )

    cost = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))["cost"]
    assert (cost["estimates"], cost["processes"]) == (12, 1)
    assert 0 < cost["denoising_s"] + cost["library_s"] < cost["wall_s"]
    assert cost["library_s"] > 0


def test_two_workers_write_the_same_bytes_as_one(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """The number of processes changes no score."""
    for workers in (0, 1, 2):
        run_of(dataset, ["noisy", "wiener"], tmp_path / str(workers), workers=workers)

    for name in ("scores.parquet", "mixtures.parquet"):
        alone, one, two = ((tmp_path / str(count) / name).read_bytes() for count in (0, 1, 2))
        assert alone == one == two


def test_a_second_run_does_nothing_and_says_so(
    dataset: Path,
    plugins: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    run_of: Callable[..., pd.DataFrame],
) -> None:
    """A finished run is not scored again."""
    run_of(dataset, [f"{plugins}:Half"], tmp_path / "run")
    before, bytes_before = calls(plugins), (tmp_path / "run" / "scores.parquet").read_bytes()

    with caplog.at_level(logging.INFO):
        run_of(dataset, [f"{plugins}:Half"], tmp_path / "run")

    assert calls(plugins) == before
    assert "6 of 6 estimates are scored already; 0 to do" in caplog.text
    assert (tmp_path / "run" / "scores.parquet").read_bytes() == bytes_before


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_killed_run_goes_on_where_the_journal_is_whole(
    dataset: Path, plugins: Path, tmp_path: Path, cut: int, run_of: Callable[..., pd.DataFrame]
) -> None:
    """A torn last line costs one mixture; the scores are those of an undisturbed run."""
    run, half = tmp_path / "run", f"{plugins}:Half"
    undisturbed = run_of(dataset, [half], run)
    journal = next((run / "journal").glob("*.jsonl"))
    journal.write_bytes(journal.read_bytes()[:-cut])
    for name in ("scores.parquet", "timing.parquet"):
        (run / name).unlink()
    before = calls(plugins)

    again = run_of(dataset, [half], run)

    assert calls(plugins) == before + 1
    pd.testing.assert_frame_equal(again, undisturbed)


def test_a_folder_of_another_dataset_or_device_is_refused(
    dataset: Path, build: Callable[..., Path], tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """A run folder belongs to one manifest and one device."""
    run_of(dataset, ["noisy"], tmp_path / "run")
    other = build(tmp_path / "other", clips=2)

    with pytest.raises(DatasetError, match=r"manifest_sha256 \w{64}, expected \w{64}"):
        run_of(other, ["noisy"], tmp_path / "run")
    with pytest.raises(DatasetError, match="device cpu, expected cuda"):
        run_of(dataset, ["noisy"], tmp_path / "run", device="cuda")


def test_a_folder_that_is_no_run_is_left_alone(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """Somebody's folder of other things is not written into."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("words", encoding="utf-8")

    with pytest.raises(DatasetError, match=r"holds files but no run\.json"):
        run_of(dataset, ["noisy"], tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.txt"]


def test_run_json_tells_what_where_and_with_what(
    dataset: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """The provenance has hashes, versions, hardware, seeds and the command line."""
    run = tmp_path / "run"
    run_of(dataset, ["noisy"], run, seed=3, command_line=["mn", "bench", "a b"])

    story = run_json(run)
    data = story["dataset"]
    assert (data["corpus"], data["dataset_version"], data["mixtures"]) == ("tiny", "2", 6)
    assert data["origins"] == {"synthetic": 5}
    assert data["recipe_seeds"] == [7]
    assert (story["seed"], story["command_line"]) == (3, ["mn", "bench", "a b"])
    assert story["environment"]["packages"]["numpy"]
    assert story["environment"]["cores"] >= 1
    assert [metric["version"] for metric in story["metrics"]] == [1, 1]
    assert story["finished"] >= story["started"]


def test_progress_counts_mixtures_from_where_the_run_stands(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """The bar starts at what is done and ends at all."""
    seen: list[tuple[int, int]] = []
    run_of(dataset, ["noisy"], tmp_path / "run", progress=lambda *counts: seen.append(counts))
    again: list[tuple[int, int]] = []
    run_of(dataset, ["noisy"], tmp_path / "run", progress=lambda *counts: again.append(counts))

    assert seen == [(done, 6) for done in range(7)]
    assert again == [(6, 6)]


def test_examples_are_written_noted_and_kept(
    dataset: Path,
    plugins: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """Chosen mixtures have 16-bit audio; what would clip is attenuated, and that is noted."""
    run = tmp_path / "run"
    requests = ["noisy", f"{plugins}:Loud", f"{plugins}:Half"]
    run_of(dataset, requests, run, examples=3)
    before = {path: path.stat().st_mtime_ns for path in (run / "examples").rglob("*.flac")}
    run_of(dataset, requests, run, examples=3)

    examples = run_json(run)["examples"]
    assert len(examples) == 3
    assert len(before) == 3 * 6  # noisy, clean; an estimate and a residual of two
    assert {path: path.stat().st_mtime_ns for path in (run / "examples").rglob("*.flac")} == before
    loud = next(item for item in examples[0]["estimates"] if item["denoiser"] == "loud")
    assert loud["attenuated_db"] > 0
    peak = abs(read_pcm(run / loud["file"], sampling_rate=8000).astype(int)).max()
    assert peak == 32767
    noisy = read_pcm(run / examples[0]["noisy"], sampling_rate=8000)
    half = next(item for item in examples[0]["estimates"] if item["denoiser"] == "half")
    estimate = read_pcm(run / half["file"], sampling_rate=8000)
    assert abs(2 * estimate.astype(int) - noisy).max() <= 1  # one rounding to 16 bits


def test_examples_that_are_not_chosen_leave_no_folder(
    dataset: Path,
    tmp_path: Path,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """Zero examples write none and remove those of before."""
    run = tmp_path / "run"
    run_of(dataset, ["noisy", "wiener"], run, examples=2)
    assert len(list((run / "examples").iterdir())) == 2

    run_of(dataset, ["noisy", "wiener"], run, examples=0)

    assert not (run / "examples").exists()
    assert run_json(run)["examples"] == []


def test_a_run_folder_holds_no_temporary_files(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """What is written is renamed into place."""
    run_of(dataset, ["noisy", "wiener"], tmp_path / "run", examples=1)

    assert not list((tmp_path / "run").rglob("*.tmp"))
    values = pd.read_parquet(tmp_path / "run" / "scores.parquet")["value"]
    assert all(math.isfinite(value) for value in values)


HOLDER = """
from mn_dataset.files.lock import locked
with locked(Path(sys.argv[1]), command="mn bench"):
    halt()
"""


def test_a_folder_that_another_process_writes_to_is_refused_until_that_is_killed(
    dataset: Path, tmp_path: Path, halted: Callable[..., Any], run_of: Callable[..., pd.DataFrame]
) -> None:
    """It is named, and nothing is written; a killed process leaves no lock."""
    process = halted(HOLDER, tmp_path / "run")

    with pytest.raises(InputError, match=r"`mn bench` \(process \d+ on .* writes there now"):
        run_of(dataset, ["noisy"], tmp_path / "run")
    assert not (tmp_path / "run" / "run.json").exists()

    process.kill()
    process.wait()
    run_of(dataset, ["noisy"], tmp_path / "run")
    report(tmp_path / "run")
    halted(HOLDER, tmp_path / "run")
    with pytest.raises(InputError, match="writes there now"):
        report(tmp_path / "run")
