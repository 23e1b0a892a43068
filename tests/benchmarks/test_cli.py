from __future__ import annotations

import json
import shutil

import pandas as pd
import pytest

from benchmarks.contract import DEFINED
from benchmarks.metrics.suite import CHANNELS
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render


@pytest.fixture(scope="module")
def dataset(tiny, tmp_path_factory):
    """Six mixtures of the small corpus."""
    recipes = draw(tiny, split="test", snr_db=(0, 10), count=6)
    return render(recipes, tiny, tmp_path_factory.mktemp("bench") / "dataset")


def test_bench_writes_the_run_folder_and_report_rebuilds_it(mn, dataset, tmp_path):
    """Every file of a run; tables and page come again from the run folder alone."""
    run = tmp_path / "run"
    words = ["--denoisers", "noisy,wiener", "--metrics", "si_sdr,sdr", "--workers", 0]
    code, text, _ = mn("bench", dataset, "--out", run, "--examples", 1, *words)

    assert code == 0
    assert "wiener" in text
    scores = pd.read_parquet(run / "scores.parquet")
    assert len(scores) == 6 * 2 * 2
    assert set(scores["reason"]) <= DEFINED
    for name in ("run.json", "timing.parquet", "leaderboard.csv", "leaderboard.json", "examples"):
        assert (run / name).exists()

    before = {name: (run / name).read_bytes() for name in ("leaderboard.csv", "index.html")}
    for name in before:
        (run / name).unlink()
    assert mn("report", run)[0] == 0
    assert {name: (run / name).read_bytes() for name in before} == before


def test_a_run_is_verified_and_compared(mn, dataset, tmp_path):
    """An honest run comes out; a changed score is exit 1 by name; two runs make a table."""
    runs = [tmp_path / name for name in "ab"]
    for run, denoisers in zip(runs, ("noisy,wiener", "wiener,mmse_lsa"), strict=True):
        words = ["--metrics", "si_sdr", "--workers", 0, "--examples", 0, "--out", run]
        assert mn("bench", dataset, "--denoisers", denoisers, *words)[0] == 0

    code, text, _ = mn("verify-run", runs[0], "--sample", "50%", "--seed", 3, "--workers", 1)
    assert code == 0
    assert "6 of 12 estimates" in text

    code, text, _ = mn("compare", *runs, "--json")
    assert code == 0
    rows = json.loads(text)["rows"]
    assert [(row["denoiser"], row["n"], row["difference"]) for row in rows] == [("wiener", 6, 0.0)]
    assert "Only in B: mmse_lsa" in mn("compare", *runs)[1]

    scores = pd.read_parquet(runs[0] / "scores.parquet")
    scores["value"] += 0.002
    scores.to_parquet(runs[0] / "scores.parquet")
    code, text, _ = mn("verify-run", runs[0], "--sample", 2, "--workers", 1, "--json")
    assert code == 1
    assert len(json.loads(text)["mismatches"]) == 2

    (runs[1] / "run.json").unlink()
    code, _, message = mn("compare", *runs)
    assert code == 1
    assert message.count("\n") == 1
    assert "mn bench" in message


def test_a_person_s_own_denoiser_is_benched(mn, dataset, tmp_path):
    """FILE.py:CLASS; half of the input is 6 dB less of everything, and SI-SDR does not mind."""
    mine = tmp_path / "mine.py"
    mine.write_text(
        "from __future__ import annotations\n"
        "from benchmarks import DenoiserSpec\n"
        "class Half:\n"
        "    spec = DenoiserSpec(name='half', sampling_rate=None)\n"
        "    def __call__(self, batch, sampling_rate, *, side=None):\n"
        "        return 0.5 * batch\n"
    )
    run = tmp_path / "run"
    words = ["--metrics", "si_sdr", "--workers", 0, "--examples", 0]
    code, _, message = mn(
        "bench", dataset, "--denoisers", f"noisy,{mine}:Half", "--out", run, *words
    )

    assert (code, message) == (0, "")
    values = pd.read_parquet(run / "scores.parquet").pivot(
        index="mixture_id", columns="denoiser", values="value"
    )
    assert (values["half"] - values["noisy"]).abs().max() < 1e-4  # float32 rounding


@pytest.mark.parametrize(
    ("denoisers", "text"),
    [
        ("noisy,weiner", "did you mean 'wiener'?"),
        ("./nowhere.py:Half", "nowhere.py"),
        ("", "denoiser"),
        ("./mine.py", "name the class too"),
    ],
)
def test_denoisers_that_are_not_there_are_named(mn, dataset, tmp_path, denoisers, text):
    """Before any work, and nothing is left behind."""
    code, _, message = mn("bench", dataset, "--denoisers", denoisers, "--out", tmp_path / "run")

    assert code == 1
    assert text in message
    assert message.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("device", ["tpu", "cuda:99"])
def test_a_device_that_is_not_there_is_refused(mn, dataset, tmp_path, device):
    """Numbers carry the device that made them: no word is taken for one."""
    words = ["--denoisers", "noisy", "--device", device, "--out", tmp_path / "run"]
    code, _, message = mn("bench", dataset, *words)

    assert code == 1
    assert device in message
    assert not (tmp_path / "run").exists()


def test_a_dataset_without_audio_is_refused(mn, dataset, tmp_path):
    """An empty leaderboard is no answer."""
    copy = tmp_path / "copy"
    shutil.copytree(dataset, copy)
    shutil.rmtree(copy / "audio")
    words = ["--denoisers", "noisy", "--workers", 0, "--out", tmp_path / "run"]
    code, _, message = mn("bench", copy, *words)

    assert code == 1
    assert "no mixture could be read" in message


def test_what_a_denoiser_prints_stays_out_of_the_answer(mn, dataset, tmp_path):
    """--json is one object, whatever a denoiser says; a module beside its file is found."""
    (tmp_path / "beside_it.py").write_text("WORD = 'hello'")
    mine = tmp_path / "talker.py"
    mine.write_text(
        "from beside_it import WORD\n"
        "from benchmarks import DenoiserSpec\n"
        "class Talker:\n"
        "    spec = DenoiserSpec(name='talker')\n"
        "    def __call__(self, batch, sampling_rate, *, side=None):\n"
        "        print(WORD)\n"
        "        return batch\n"
    )
    words = ["--metrics", "snr", "--workers", 0, "--examples", 0, "--out", tmp_path / "run"]
    code, text, _ = mn("bench", dataset, "--denoisers", f"{mine}:Talker", *words, "--json")

    assert code == 0
    assert set(json.loads(text)) == {"run", "leaderboard"}


def test_lists_speak_json(mn):
    """Denoisers and metrics as one object each."""
    assert mn("metrics", "sdr")[1].startswith("sdr [dB], higher is better")
    assert mn("metrics", "sdr")[1].rstrip().endswith(CHANNELS)
    assert [row["name"] for row in json.loads(mn("metrics", "lsd", "--json")[1])["metrics"]] == [
        "lsd"
    ]
    denoisers = json.loads(mn("denoisers", "--json")[1])["denoisers"]
    metrics = json.loads(mn("metrics", "--json")[1])["metrics"]

    assert {row["name"] for row in denoisers} >= {"noisy", "mmse_lsa", "oracle_ratio_mask"}
    assert set(denoisers[0]) == {
        "name", "task", "available", "reason", "install", "weights", "sampling_rate",
        "parameters", "license", "needs", "assumes", "rank_group",
    }  # fmt: skip
    assert {row["name"] for row in metrics} >= {
        "snr", "si_sdr", "sdr", "nsdr", "pesq", "stoi", "lsd", "si_sdri", "sir",
    }  # fmt: skip
