from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks import registry
from benchmarks.registry import Entry
from mn_dataset.errors import InputError, MissingExtra, UnknownName


def test_a_denoiser_or_metric_that_is_added_is_the_only_one_scored(
    dataset: Path, plugins: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
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
    dataset: Path, plugins: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """Editing a person's denoiser changes its revision, in the same process too."""
    first = run_of(dataset, [f"{plugins}:Half"], tmp_path / "run", metrics=["snr"])
    source = plugins.read_text(encoding="utf-8")
    plugins.write_text(source.replace("0.5 * batch", "0.25 * batch"), encoding="utf-8")

    second = run_of(dataset, [f"{plugins}:Half"], tmp_path / "run", metrics=["snr"])

    assert set(first["revision"]).isdisjoint(second["revision"])
    assert first["value"].tolist() != second["value"].tolist()


def test_names_are_looked_up_before_any_work(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """An unknown name is refused with the nearest one, and nothing is written."""
    with pytest.raises(UnknownName, match="did you mean 'wiener'"):
        run_of(dataset, ["noisy", "weiner"], tmp_path / "run")
    with pytest.raises(UnknownName, match="did you mean 'si_sdr'"):
        run_of(dataset, ["noisy"], tmp_path / "run", metrics=["si-sdr"])
    assert not (tmp_path / "run").exists()


def test_nothing_to_run_is_said(
    dataset: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
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
    dataset: Path, plugins: Path, tmp_path: Path, run_of: Callable[..., pd.DataFrame]
) -> None:
    """A file's class that calls itself noisy would become the baseline; it is refused."""
    with pytest.raises(InputError, match="'noisy' is taken"):
        run_of(dataset, [f"{plugins}:Noisy"], tmp_path / "run")


def test_a_persons_denoiser_is_found_from_where_the_user_stands(
    dataset: Path,
    plugins: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_of: Callable[..., pd.DataFrame],
) -> None:
    """A relative path is that of the command, in every worker process too."""
    monkeypatch.chdir(plugins.parent)

    scores = run_of(dataset, ["./plugins.py:Half"], tmp_path / "run", workers=2)

    assert set(scores["denoiser"]) == {"half"}
    assert not scores["value"].isna().any()


def test_metrics_that_are_not_installed_are_left_out_unless_named(
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """The default metrics are those installed; run.json tells how to install the others."""
    absent = Entry("pesq", "benchmarks.metrics.pesq", "pesq", "no_such_package", "perceptual")
    monkeypatch.setitem(registry.metrics(), "pesq", absent)

    scores = run_of(dataset, ["noisy"], tmp_path / "run", metrics=None)

    assert "pesq" not in set(scores["metric"])
    assert run_json(tmp_path / "run")["not_installed"] == [
        {"name": "pesq", "install": "pip install 'mn-dataset[perceptual]'"}
    ]
    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[perceptual\]'"):
        run_of(dataset, ["noisy"], tmp_path / "other", metrics=["pesq"])


def test_denoisers_that_are_not_installed_are_refused_or_left_out_by_name(
    dataset: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_of: Callable[..., pd.DataFrame],
    run_json: Callable[[Path], dict[str, Any]],
) -> None:
    """One that was asked for is refused; of a line-up, it is told with the command."""
    module = "benchmarks.external.noisereduce"
    absent = Entry("noisereduce", module, "NoiseReduce", "no_such_package", "baselines")
    monkeypatch.setitem(registry.denoisers(), "noisereduce", absent)

    scores = run_of(dataset, ["noisy", "noisereduce"], tmp_path / "run", only_installed=True)

    assert set(scores["denoiser"]) == {"noisy"}
    assert {"name": "noisereduce", "install": "pip install 'mn-dataset[baselines]'"} in run_json(
        tmp_path / "run"
    )["not_installed"]
