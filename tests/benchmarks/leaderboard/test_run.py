from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks import registry
from benchmarks.layers import weights_file
from benchmarks.leaderboard.run import bench
from benchmarks.models.musicecan import MusicEcan
from benchmarks.registry import Entry
from benchmarks.report.report import report
from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import DatasetError, InputError, MissingExtra, UnknownName


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


METRICS = ["snr", "si_sdr"]
COLUMNS = [
    *("mixture_id", "task", "denoiser", "revision", "target", "metric", "value", "reason"),
    *("music_category", "noise_class", "snr_db", "split"),
]


def run_of(dataset: Path, denoisers: list[str], run: Path, **options: Any) -> pd.DataFrame:
    defaults = {"metrics": METRICS, "workers": 0, "examples": 0}
    bench(dataset, denoisers, run, **(defaults | options))
    return pd.read_parquet(run / "scores.parquet")


def calls(plugins: Path) -> int:
    file = plugins.with_name(f"{plugins.name}.calls")
    return len(file.read_text(encoding="utf-8")) if file.is_file() else 0


def told(run: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return content


def test_a_run_scores_every_mixture_denoiser_and_metric(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """A run has one row per mixture, denoiser and metric, sorted, with the columns promised."""
    scores = run_of(dataset, ["noisy", f"{plugins}:Half"], tmp_path / "run")

    assert list(scores.columns) == COLUMNS
    assert len(scores) == 6 * 2 * 2
    keys = scores[["mixture_id", "denoiser", "metric"]]
    assert keys.equals(keys.sort_values(list(keys.columns)).reset_index(drop=True))
    assert set(scores[scores["denoiser"] == "noisy"]["reason"]) == {"ok"}
    assert set(scores[scores["denoiser"] == "half"]["reason"]) == {"wrong_level"}
    assert set(scores["target"]) == {"clean"}
    halves = scores[(scores["denoiser"] == "half") & (scores["metric"] == "si_sdr")]["value"]
    whole = scores[(scores["denoiser"] == "noisy") & (scores["metric"] == "si_sdr")]["value"]
    # SI-SDR does not hear a gain; halving a float32 is exact.
    assert halves.tolist() == pytest.approx(whole.tolist(), abs=1e-9)


def test_two_workers_write_the_same_bytes_as_one(dataset: Path, tmp_path: Path) -> None:
    """The number of processes changes no score."""
    for workers in (0, 1, 2):
        run_of(dataset, ["noisy", "wiener"], tmp_path / str(workers), workers=workers)

    for name in ("scores.parquet", "mixtures.parquet"):
        alone, one, two = ((tmp_path / str(count) / name).read_bytes() for count in (0, 1, 2))
        assert alone == one == two


def test_a_second_run_does_nothing_and_says_so(
    dataset: Path, plugins: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A finished run is not scored again."""
    run_of(dataset, [f"{plugins}:Half"], tmp_path / "run")
    before, bytes_before = calls(plugins), (tmp_path / "run" / "scores.parquet").read_bytes()

    with caplog.at_level(logging.INFO):
        run_of(dataset, [f"{plugins}:Half"], tmp_path / "run")

    assert calls(plugins) == before
    assert "6 of 6 estimates are scored already; 0 to do" in caplog.text
    assert (tmp_path / "run" / "scores.parquet").read_bytes() == bytes_before


def test_a_denoiser_or_metric_that_is_added_is_the_only_one_scored(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """Adding a denoiser leaves the journal of the others as it is; so does adding a metric."""
    run, half = tmp_path / "run", f"{plugins}:Half"
    run_of(dataset, [half], run, metrics=["snr"])
    journal = next((run / "journal").glob("half-*.jsonl"))
    before = journal.read_bytes()

    run_of(dataset, [half, "noisy"], run, metrics=["snr"])
    assert journal.read_bytes() == before
    scores = run_of(dataset, [half, "noisy"], run, metrics=["snr", "si_sdr"])

    added = journal.read_bytes()[len(before) :].decode().splitlines()
    assert [list(json.loads(line)["scores"]) for line in added] == [["si_sdr@1"]] * 6
    assert not scores["value"].isna().any()


def test_a_changed_file_is_another_revision_and_is_scored_anew(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """Editing a person's denoiser changes its revision, in the same process too."""
    first = run_of(dataset, [f"{plugins}:Half"], tmp_path / "run", metrics=["snr"])
    source = plugins.read_text(encoding="utf-8")
    plugins.write_text(source.replace("0.5 * batch", "0.25 * batch"), encoding="utf-8")

    second = run_of(dataset, [f"{plugins}:Half"], tmp_path / "run", metrics=["snr"])

    assert set(first["revision"]).isdisjoint(second["revision"])
    assert first["value"].tolist() != second["value"].tolist()


@pytest.mark.parametrize("cut", [1, 7, 60])
def test_a_killed_run_goes_on_where_the_journal_is_whole(
    dataset: Path, plugins: Path, tmp_path: Path, cut: int
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


def test_a_failing_denoiser_costs_its_own_rows_only(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """Where a denoiser raises, its scores are NaN with a reason and the journal tells what."""
    scores = run_of(dataset, [f"{plugins}:Breaking", "noisy"], tmp_path / "run")

    broken = scores[scores["reason"] == "raised"]
    assert 0 < len(broken) < 12
    assert set(broken["denoiser"]) == {"breaking"}
    assert broken["value"].isna().all()
    assert not scores[scores["denoiser"] == "noisy"]["value"].isna().any()
    journal = next((tmp_path / "run" / "journal").glob("breaking-*.jsonl"))
    assert "odd first sample" in journal.read_text(encoding="utf-8")
    failed = told(tmp_path / "run")["coverage"]["breaking"]["snr"]["raised"]
    assert failed == len(broken) // 2


@pytest.mark.parametrize("damage", ["missing", "changed", "truncated"])
def test_unreadable_audio_costs_one_row_until_it_is_repaired(
    dataset: Path, tmp_path: Path, damage: str
) -> None:
    """A mixture whose file is not the manifest's has a reason, and is tried again later."""
    file = dataset / "audio" / "test" / "001.noisy.wav"
    whole = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(whole[:-2] + b"\1\2" if damage == "changed" else whole[:1000])

    scores = run_of(dataset, ["noisy"], tmp_path / "run")
    file.write_bytes(whole)
    repaired = run_of(dataset, ["noisy"], tmp_path / "run")

    bad = scores[scores["reason"] == "unreadable_audio"]
    assert set(bad["mixture_id"]) == {"test/001"}
    assert bad["value"].isna().all()
    assert len(scores[scores["reason"] == "ok"]) == 10
    assert set(repaired["reason"]) == {"ok"}


def test_side_information_is_what_the_denoiser_declares(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """An oracle is told the layers of its mixture, and is marked as one."""
    scores = run_of(dataset, [f"{plugins}:Told"], tmp_path / "run")

    assert set(scores["reason"]) == {"saturated"}
    assert told(tmp_path / "run")["denoisers"][0]["rank_group"] == "oracle"


def test_a_folder_of_another_dataset_or_device_is_refused(
    dataset: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    """A run folder belongs to one manifest and one device."""
    run_of(dataset, ["noisy"], tmp_path / "run")
    other = build(tmp_path / "other", clips=2)

    with pytest.raises(DatasetError, match=r"manifest_sha256 \w{64}, expected \w{64}"):
        run_of(other, ["noisy"], tmp_path / "run")
    with pytest.raises(DatasetError, match="device cpu, expected cuda"):
        run_of(dataset, ["noisy"], tmp_path / "run", device="cuda")


def test_a_folder_that_is_no_run_is_left_alone(dataset: Path, tmp_path: Path) -> None:
    """Somebody's folder of other things is not written into."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("words", encoding="utf-8")

    with pytest.raises(DatasetError, match=r"holds files but no run\.json"):
        run_of(dataset, ["noisy"], tmp_path / "home")
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["thesis.txt"]


def test_names_are_looked_up_before_any_work(dataset: Path, tmp_path: Path) -> None:
    """An unknown name is refused with the nearest one, and nothing is written."""
    with pytest.raises(UnknownName, match="did you mean 'wiener'"):
        run_of(dataset, ["noisy", "weiner"], tmp_path / "run")
    with pytest.raises(UnknownName, match="did you mean 'si_sdr'"):
        run_of(dataset, ["noisy"], tmp_path / "run", metrics=["si-sdr"])
    assert not (tmp_path / "run").exists()


def test_nothing_to_run_is_said(dataset: Path, tmp_path: Path) -> None:
    """No denoiser, no metric, too many examples and no worker are the user's mistakes."""
    options: list[tuple[list[str], dict[str, Any]]] = [
        ([], {}),
        (["noisy"], {"metrics": []}),
        (["noisy"], {"examples": 41}),
        (["noisy"], {"workers": -1}),
    ]
    for denoisers, wrong in options:
        with pytest.raises(InputError):
            run_of(dataset, denoisers, tmp_path / "run", **wrong)


def test_a_persons_denoiser_may_not_take_a_known_name(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """A file's class that calls itself noisy would become the baseline; it is refused."""
    with pytest.raises(InputError, match="'noisy' is taken"):
        run_of(dataset, [f"{plugins}:Noisy"], tmp_path / "run")


def test_a_persons_denoiser_is_found_from_where_the_user_stands(
    dataset: Path, plugins: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative path is that of the command, in every worker process too."""
    monkeypatch.chdir(plugins.parent)

    scores = run_of(dataset, ["./plugins.py:Half"], tmp_path / "run", workers=2)

    assert set(scores["denoiser"]) == {"half"}
    assert not scores["value"].isna().any()


def test_metrics_that_are_not_installed_are_left_out_unless_named(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The default metrics are those installed; run.json tells how to install the others."""
    absent = Entry("pesq", "benchmarks.metrics.pesq", "pesq", "no_such_package", "perceptual")
    monkeypatch.setitem(registry.metrics(), "pesq", absent)

    scores = run_of(dataset, ["noisy"], tmp_path / "run", metrics=None)

    assert "pesq" not in set(scores["metric"])
    assert told(tmp_path / "run")["not_installed"] == [
        {"name": "pesq", "install": "pip install 'mn-dataset[perceptual]'"}
    ]
    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[perceptual\]'"):
        run_of(dataset, ["noisy"], tmp_path / "other", metrics=["pesq"])


def test_denoisers_that_are_not_installed_are_refused_or_left_out_by_name(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that was asked for is refused; of a line-up, it is told with the command."""
    module = "benchmarks.external.noisereduce"
    absent = Entry("noisereduce", module, "NoiseReduce", "no_such_package", "baselines")
    monkeypatch.setitem(registry.denoisers(), "noisereduce", absent)

    scores = run_of(dataset, ["noisy", "noisereduce"], tmp_path / "run", only_installed=True)

    assert set(scores["denoiser"]) == {"noisy"}
    assert {"name": "noisereduce", "install": "pip install 'mn-dataset[baselines]'"} in told(
        tmp_path / "run"
    )["not_installed"]


def test_run_json_tells_what_where_and_with_what(dataset: Path, tmp_path: Path) -> None:
    """The provenance has hashes, versions, hardware, seeds and the command line."""
    run = tmp_path / "run"
    run_of(dataset, ["noisy"], run, seed=3, command_line=["mn", "bench", "a b"])

    story = told(run)
    data = story["dataset"]
    assert (data["corpus"], data["dataset_version"], data["mixtures"]) == ("tiny", "2", 6)
    assert data["origins"] == {"synthetic": 5}
    assert data["recipe_seeds"] == [7]
    assert (story["seed"], story["command_line"]) == (3, ["mn", "bench", "a b"])
    assert story["environment"]["packages"]["numpy"]
    assert story["environment"]["cores"] >= 1
    assert [metric["version"] for metric in story["metrics"]] == [1, 1]
    assert story["finished"] >= story["started"]


def test_the_run_keeps_what_its_report_needs_of_the_dataset(dataset: Path, tmp_path: Path) -> None:
    """Clusters are the sources' groups, or the sources themselves; timing is measured."""
    run_of(dataset, ["noisy", "wiener"], tmp_path / "run")

    mixtures = pd.read_parquet(tmp_path / "run" / "mixtures.parquet")
    timing = pd.read_parquet(tmp_path / "run" / "timing.parquet")
    assert set(mixtures["clean_cluster"]) == {"g:clean/0", "g:clean/1", "g:clean/2"}
    assert set(mixtures["noise_cluster"]) == {"noise/0", "noise/1"}
    assert timing["denoiser"].tolist() == ["noisy", "wiener"]
    assert (timing["real_time_factor"] > 0).all()
    assert (timing["real_time_factor_p95"] >= timing["real_time_factor"]).all()
    assert (timing["peak_memory_mb"] > 0).all()
    assert timing["audio_s"].tolist() == [3.0, 3.0]


def test_progress_counts_mixtures_from_where_the_run_stands(dataset: Path, tmp_path: Path) -> None:
    """The bar starts at what is done and ends at all."""
    seen: list[tuple[int, int]] = []
    run_of(dataset, ["noisy"], tmp_path / "run", progress=lambda *counts: seen.append(counts))
    again: list[tuple[int, int]] = []
    run_of(dataset, ["noisy"], tmp_path / "run", progress=lambda *counts: again.append(counts))

    assert seen == [(done, 6) for done in range(7)]
    assert again == [(6, 6)]


def test_examples_are_written_noted_and_kept(dataset: Path, plugins: Path, tmp_path: Path) -> None:
    """Chosen mixtures have 16-bit audio; what would clip is attenuated, and that is noted."""
    run = tmp_path / "run"
    requests = ["noisy", f"{plugins}:Loud", f"{plugins}:Half"]
    run_of(dataset, requests, run, examples=3)
    before = {path: path.stat().st_mtime_ns for path in (run / "examples").rglob("*.flac")}
    run_of(dataset, requests, run, examples=3)

    examples = told(run)["examples"]
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


def test_examples_that_are_not_chosen_leave_no_folder(dataset: Path, tmp_path: Path) -> None:
    """Zero examples write none and remove those of before."""
    run = tmp_path / "run"
    run_of(dataset, ["noisy", "wiener"], run, examples=2)
    assert len(list((run / "examples").iterdir())) == 2

    run_of(dataset, ["noisy", "wiener"], run, examples=0)

    assert not (run / "examples").exists()
    assert told(run)["examples"] == []


def test_a_run_folder_holds_no_temporary_files(dataset: Path, tmp_path: Path) -> None:
    """What is written is renamed into place."""
    run_of(dataset, ["noisy", "wiener"], tmp_path / "run", examples=1)

    assert not list((tmp_path / "run").rglob("*.tmp"))
    values = pd.read_parquet(tmp_path / "run" / "scores.parquet")["value"]
    assert all(math.isfinite(value) for value in values)


def test_two_checkpoints_of_a_model_are_two_rows(dataset: Path, tmp_path: Path) -> None:
    """NAME@WEIGHTS stands on the board by that name, with the size of its network."""
    pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[torch]'")
    names = ["noisy"]
    for seed in (1, 2):
        path = tmp_path / f"seed{seed}.safetensors"
        network = MusicEcan().build(widths=[2, 2], num_tfc=1, seed=seed)
        weights_file.save(path, network, model="musicecan")
        names.append(f"musicecan@{path}")

    run_of(dataset, names, tmp_path / "run", metrics=["snr"])

    report(tmp_path / "run")

    board = pd.read_csv(tmp_path / "run" / "leaderboard.csv")
    assert set(board["denoiser"]) == {"noisy", "musicecan@seed1", "musicecan@seed2"}
    assert (board["n"] > 0).all()
    timing = pd.read_parquet(tmp_path / "run" / "timing.parquet").set_index("denoiser")
    assert timing.loc["musicecan@seed1", "parameters"] > 0
