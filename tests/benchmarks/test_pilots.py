"""The table of pilots: what trainings cost and gained, and which rule is to be beaten."""

import json
from importlib import import_module
from itertools import product
from pathlib import Path

import pandas as pd
import pytest

PERF = Path(__file__).parents[2] / "perf"
SETS = ("classes", "clicks", "hum", "near_clean", "plucked")
CLASSES = ("crowd", "electrical", "stationary", "traffic", "weather")
GAINS = {  # by denoiser: of every class, and where it loses
    "noisy": (0.0, {}),
    "omlsa": (1.0, {"stationary": 3.0}),
    "wavelet": (0.5, {"electrical": 2.0}),
    "net@deep-0": (2.0, {}),
    "net@deep-1": (3.0, {"crowd": -1.0}),
}

pytestmark = pytest.mark.skipif(not PERF.is_dir(), reason="an installation has no perf/")


@pytest.fixture
def pilots(monkeypatch):
    monkeypatch.syspath_prepend(PERF)
    return import_module("pilots")


def entrant(name):
    """Return what run.json says of a denoiser."""
    request = f"net@../../trainings/{name[4:]}" if "@" in name else name
    return {
        "name": name,
        "request": request,
        "revision": name,
        "learned": "@" in name,
        "reference": name == "noisy",
        "rank_group": "blind",
    }


@pytest.fixture
def trainings(tmp_path):
    """Two trainings of one pilot; the second was stopped and went on with more threads."""
    config = {"data": {"batch": 2, "segment_s": 9.0}}
    for seed, starts in enumerate(([(0, 1)], [(0, 1), (50, 2)])):
        folder = tmp_path / "trainings" / f"deep-{seed}"
        folder.mkdir(parents=True)
        settings = {"model": "net", "seed": seed, "config": config, "data": {"name": "open+more"}}
        record = {
            "settings": settings,
            "starts": [{"step": step, "threads": n, "device": "cpu"} for step, n in starts],
        }
        (folder / "train.json").write_text(json.dumps(record), encoding="utf-8")
        (folder / "weights.safetensors").touch()
        steps = pd.DataFrame({"step": range(1, 101)})
        steps["seconds"] = 2.0 * steps["step"]
        steps["gain_db"] = steps["step"].map({50: 2.5, 100: 2.0})
        steps.to_csv(folder / "history.csv", index=False)
    return tmp_path / "trainings"


@pytest.fixture
def run(tmp_path, trainings):
    """A run over every set; the mixtures stand at their SNR."""
    folder = tmp_path / "runs" / "pilots-run"
    for name in SETS:
        (folder / name).mkdir(parents=True)
        snrs_db = (40.0,) if name == "near_clean" else (0.0, 10.0)
        rows = [
            {
                "mixture_id": f"{noise}-{snr}",
                "denoiser": denoiser,
                "metric": "si_sdr",
                "value": snr + changes.get(noise, gain),
                "noise_class": noise,
                "music_category": "harp",
                "snr_db": snr,
            }
            for denoiser, (gain, changes) in GAINS.items()
            for noise, snr in product(CLASSES, snrs_db)
        ]
        pd.DataFrame(rows).to_parquet(folder / name / "scores.parquet")
        timing = [
            {"denoiser": one, "real_time_factor": 0.125, "parameters": 12_345} for one in GAINS
        ]
        pd.DataFrame(timing).to_parquet(folder / name / "timing.parquet")
        denoisers = json.dumps({"denoisers": [entrant(one) for one in GAINS]})
        (folder / name / "run.json").write_text(denoisers, encoding="utf-8")
    # As `mn bench` does, the requests are told as seen from the folder of each set.
    (tmp_path / "runs" / "trainings").symlink_to(trainings)
    return folder


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_pilot_is_one_row_with_its_cost(pilots, run):
    """50 steps of 2 s on one thread, then on two; 100 batches of 18 s."""
    costs = pilots.tables(run, {"deep": "deeper than it was"}).split("\n\n")[0].splitlines()

    assert [cells(line) for line in costs[2:]] == [
        [
            *("deep", "deeper than it was", "open, more", "12,345", "100 (50) 100 (50)", "0 1"),
            *("250", "0.5", "0.125"),
        ]
    ]


def test_gains_are_means_over_the_seeds_below_the_best_rule(pilots, run):
    """Of near-clean music what is left counts; the rule is another one from column to column."""
    gains = pilots.tables(run, {}).split("\n\n")[1].splitlines()
    rule, deep = (cells(line) for line in gains[2:])

    assert rule[1:6] == [
        *("1.00 (omlsa)", "2.00 (wavelet)", "3.00 (omlsa)", "1.00 (omlsa)", "1.00 (omlsa)"),
    ]
    assert deep == [
        *("deep", "0.50", "2.50", "2.50", "2.50", "2.50", "2.10"),
        *("2.10", "2.10", "42.10", "2.10", "10 %", "0 2", "+2.00 +2.20"),
    ]


def test_the_best_training_of_a_model_is_chosen_over_the_classes(pilots, run, trainings):
    """The second: 2.2 dB against 2.0."""
    assert pilots.best(run, "net").resolve() == trainings / "deep-1"


def test_trainings_are_asked_for_by_model_and_folder(pilots, trainings):
    """As `mn bench --denoisers` takes them."""
    assert pilots.requests(trainings) == [f"net@{trainings}/deep-{seed}" for seed in (0, 1)]


def test_the_tables_replace_those_of_the_page(pilots):
    """What stands around them stays."""
    page = f"# Pilots\n\n{pilots.BEGIN}\n\nold\n\n{pilots.END}\n\nDecided.\n"

    assert pilots.replaced(page, "new") == page.replace("old", "new")
