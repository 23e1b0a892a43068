from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.leaderboard.run import bench
from benchmarks.leaderboard.verify import Mismatch, Verification
from benchmarks.leaderboard.verify import verify_run as verify_a_strangers
from mn_dataset.errors import DatasetError, InputError


def verify_run(run: Path, **options: Any) -> Verification:
    """Verify a run of denoisers that are trusted: the files beside it."""
    return verify_a_strangers(run, trust=[*run.parent.glob("*.py")], **options)


@pytest.fixture
def run(dataset: Path, plugins: Path, tmp_path: Path) -> Path:
    """A run of three denoisers, one of which sometimes breaks: 6 mixtures × 3 estimates."""
    names = ["noisy", f"{plugins}:Half", f"{plugins}:Breaking"]
    return bench(dataset, names, tmp_path / "run", metrics=["snr", "si_sdr"], workers=0, examples=0)


def changed(run: Path, denoiser: str, metric: str, **cells: object) -> str:
    """Change one score of the first mixture in the run's table, and return the mixture."""
    scores = pd.read_parquet(run / "scores.parquet")
    place = scores[(scores["denoiser"] == denoiser) & (scores["metric"] == metric)].index[0]
    for name, cell in cells.items():
        scores.loc[place, name] = cell
    scores.to_parquet(run / "scores.parquet")
    return str(scores.loc[place, "mixture_id"])


def test_an_honest_run_comes_out(run: Path) -> None:
    """Every estimate made and scored again is what the run holds, failures and reasons too."""
    seen: list[tuple[int, int]] = []

    found = verify_run(run, sample="100%", workers=1, progress=lambda *args: seen.append(args))

    assert (found.estimates, found.of, found.scores) == (18, 18, 36)
    assert found.denoisers == ("breaking", "half", "noisy")
    assert found.metrics == ("snr", "si_sdr")
    assert found.mismatches == found.left_out == ()
    assert seen == [(done, 6) for done in range(1, 7)]


def test_a_sample_is_drawn_by_its_seed(run: Path) -> None:
    """The same seed chooses the same estimates whatever the workers; another seed others."""
    scores = pd.read_parquet(run / "scores.parquet")
    scores["value"] += 1.0
    scores.to_parquet(run / "scores.parquet")  # so that each estimate that is checked is named

    def chosen(seed: int, workers: int = 1) -> set[tuple[str, str]]:
        found = verify_run(run, sample="4", seed=seed, workers=workers)
        assert found.estimates == 4
        return {(item.mixture_id, item.denoiser) for item in found.mismatches}

    assert chosen(0) == chosen(0, workers=2)
    assert chosen(0) != chosen(1)


def test_a_changed_score_is_named(run: Path) -> None:
    """A hundredth of a decibel is found, a ten-thousandth is another machine's rounding."""
    half = pd.read_parquet(run / "scores.parquet").set_index(["denoiser", "metric"])["value"]
    stored = float(half.loc["half", "si_sdr"].iloc[0])
    changed(run, "noisy", "si_sdr", value=float(half.loc["noisy", "si_sdr"].iloc[0]) + 1e-4)
    mixture = changed(run, "half", "si_sdr", value=stored + 0.01)

    found = verify_run(run, sample="100%", workers=1)

    assert found.mismatches == (
        Mismatch(mixture, "half", "si_sdr", stored + 0.01, "wrong_level", stored, "ok"),
    )


def test_an_invented_reason_is_named(run: Path) -> None:
    """A value that is said to be undefined, and one that is not defined but has a number."""
    hidden = changed(run, "noisy", "snr", value=float("nan"), reason="too_short")
    scores = pd.read_parquet(run / "scores.parquet")
    broken = scores[scores["reason"] == "raised"].index[0]
    scores.loc[broken, ["value", "reason"]] = [20.0, "ok"]
    scores.to_parquet(run / "scores.parquet")

    found = verify_run(run, sample="100%", workers=1)

    assert [(item.denoiser, item.stored, item.found_reason) for item in found.mismatches] == [
        ("breaking", 20.0, "raised"),
        ("noisy", None, "ok"),
    ]
    assert found.mismatches[1].mixture_id == hidden


def test_a_denoiser_that_is_not_repeatable_is_left_out(
    dataset: Path, plugins: Path, tmp_path: Path
) -> None:
    """It says so itself, and is named."""
    mine = plugins.with_name("chance.py")
    mine.write_text(
        "from benchmarks import DenoiserSpec\n"
        "class Chance:\n"
        "    spec = DenoiserSpec(name='chance', deterministic=False)\n"
        "    def __call__(self, batch, sampling_rate, *, side=None):\n"
        "        return batch\n"
    )
    options = {"metrics": ["snr"], "workers": 1, "examples": 0}
    run = bench(dataset, ["noisy", f"{mine}:Chance"], tmp_path / "run", **options)

    found = verify_run(run, sample="100%", workers=1)

    assert found.left_out == ("chance",)
    assert found.denoisers == ("noisy",)


def test_a_dataset_that_moved_is_named_by_an_option(run: Path, dataset: Path) -> None:
    """Without it, the place where it should be is named."""
    moved = dataset.rename(dataset.with_name("moved"))

    with pytest.raises(DatasetError, match=r"dataset: no such folder; .*as dataset"):
        verify_run(run, workers=1)
    assert verify_run(run, dataset=moved, workers=1).estimates == 1


def test_another_dataset_is_refused(run: Path, build, tmp_path: Path) -> None:
    """Its manifest is not the one that was scored."""
    other = build(tmp_path / "other", clips=2)

    with pytest.raises(DatasetError, match=r"other: its manifest has SHA-256 .*, expected"):
        verify_run(run, dataset=other, workers=1)


def test_a_run_that_does_not_know_its_dataset_says_so(run: Path) -> None:
    """Runs of earlier versions lack the way to it."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    del story["dataset"]["path"]
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")

    with pytest.raises(DatasetError, match="does not tell where its dataset lies"):
        verify_run(run, workers=1)


def test_code_that_a_run_names_is_not_run(run: Path, tmp_path: Path) -> None:
    """Not even imported, until a person names it too; nor are programs that a file describes."""
    bomb, fired = tmp_path / "bomb.py", tmp_path / "fired"
    bomb.write_text(f"open({str(fired)!r}, 'w')\n", encoding="utf-8")
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    for request in ("../bomb.py:Half", "../bomb.toml"):
        story["denoisers"][0]["request"] = request
        (run / "run.json").write_text(json.dumps(story), encoding="utf-8")

        with pytest.raises(InputError, match=r"is the file .*bomb.*; nothing .* is executed"):
            verify_a_strangers(run, workers=1)
        assert not fired.exists()


def test_a_changed_denoiser_or_metric_is_refused(run: Path, plugins: Path) -> None:
    """Scores of another revision or version are no proof of anything."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["metrics"][0]["version"] = 99
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    with pytest.raises(InputError, match="'snr' is version 1 here, expected version 99"):
        verify_run(run, workers=1)

    story["metrics"][0]["version"] = 1
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    plugins.write_text(plugins.read_text(encoding="utf-8") + "# changed\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"'breaking' is of revision 1\+\w+ here, expected"):
        verify_run(run, workers=1)


@pytest.mark.parametrize("sample", ["0%", "-1", "many", "", "inf%", "nan%"])
def test_a_sample_that_is_none_is_refused(run: Path, sample: str) -> None:
    """A share above nothing, or a number of estimates."""
    with pytest.raises(InputError, match=r"sample is .*; expected a share such as 5%"):
        verify_run(run, sample=sample, workers=1)


def test_an_unfinished_run_is_refused(run: Path) -> None:
    """There is nothing to verify before `mn bench` has ended."""
    shutil.copy(run / "run.json", run / "kept.json")
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(story | {"finished": None}), encoding="utf-8")

    with pytest.raises(DatasetError, match="was not finished"):
        verify_run(run, workers=1)
