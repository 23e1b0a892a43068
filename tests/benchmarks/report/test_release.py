"""A run is packed into light weights, their sources, scores, and a card that can be believed."""

import csv
import re

import pandas as pd
import pytest

torch = pytest.importorskip("torch", reason="needs: pip install 'mn-dataset[train]'")

from safetensors.torch import load_file  # noqa: E402 - once torch is there

from benchmarks.layers import weights_file  # noqa: E402
from benchmarks.leaderboard.run import bench  # noqa: E402
from benchmarks.report.release import _USAGE, pack  # noqa: E402
from benchmarks.report.report import report  # noqa: E402
from benchmarks.training.config import Config, Data, Limits, Validation  # noqa: E402
from benchmarks.training.train import train  # noqa: E402
from mn_dataset.errors import DatasetError  # noqa: E402
from mn_dataset.mix.draw import draw  # noqa: E402
from mn_dataset.mix.render import render  # noqa: E402
from mn_dataset.tasks import registry as tasks  # noqa: E402

CONFIG = Config(
    model={"widths": [4, 4, 5], "second_stage": "residual"},
    data=Data(segment_s=0.4, batch=2, items_per_epoch=4, workers=0),
    validation=Validation(every_steps=1, mixtures=2, seconds=0.5),
    limits=Limits(max_steps=3),
)


@pytest.fixture(scope="module")
def trained(tiny, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "narrow"
    train("musicecan_small", tiny.root, run, config=CONFIG)
    return run


@pytest.fixture(scope="module")
def benched(tiny, trained, tmp_path_factory):
    """The packed weights, and a run of `mn bench` with them."""
    root = tmp_path_factory.mktemp("benched")
    weights = pack(trained, root / "packed")
    recipes = draw(tiny, split="test", snr_db=(0.0, 10.0), per_cell=1, seconds=0.5)
    render(recipes, tiny, root / "built")
    denoisers = ["noisy", "wiener", f"musicecan_small@{weights}"]
    run = bench(root / "built", denoisers, root / "run", metrics=["si_sdr"], workers=0, examples=0)
    report(run)
    return weights, run


def test_weights_take_half_the_space_and_what_is_exact_stays_exact(trained, tmp_path):
    """Learned numbers are rounded to bfloat16, the frequency code is not."""
    weights = pack(trained, tmp_path)

    light, whole = load_file(weights), load_file(trained / weights_file.WEIGHTS_NAME)
    assert light.keys() == whole.keys()
    for name, tensor in whole.items():
        kind = torch.float32 if name == "code" else torch.bfloat16
        assert light[name].dtype == kind
        torch.testing.assert_close(light[name], tensor.to(kind), atol=0, rtol=0)
    card = weights_file.read_card(weights)
    assert card.facts["license"] == "CC-BY-4.0"
    assert (
        card.facts["data"]
        == weights_file.read_card(trained / weights_file.WEIGHTS_NAME).facts["data"]
    )


def test_training_fills_in_the_frames_of_its_excerpts(trained):
    """0.4 s are 35 hops, and three frames reach beyond each end's first and last sample."""
    assert weights_file.read_card(trained / weights_file.WEIGHTS_NAME).config["train_frames"] == 38


def test_packing_twice_gives_the_same_bytes(trained, tmp_path):
    """A card that names a hash stays true."""
    first, second = pack(trained, tmp_path / "a"), pack(trained, tmp_path / "b")

    for suffix in (".safetensors", ".sources.csv", ".md"):
        assert first.with_suffix(suffix).read_bytes() == second.with_suffix(suffix).read_bytes()


def test_every_recording_stands_in_the_sources(trained, tiny, tmp_path):
    """With its licence and the hash of its samples."""
    weights = pack(trained, tmp_path)

    with weights.with_suffix(".sources.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for split in ("train", "validation"):
        own = [row for row in rows if row["split"] == split]
        assert [row["id"] for row in own] == weights_file.read_card(weights).facts["data"][split][
            "ids"
        ]
        for row in own:
            source = tiny.sources[row["id"]]
            assert row["pcm_sha256"] == source.entry.pcm_sha256
            assert row["license"] == source.row.license


def test_the_card_says_what_the_run_was(trained, tmp_path):
    """Numbers of the file, recordings by licence, the curve, and the notes at the end."""
    notes = tmp_path / "limits.md"
    notes.write_text("## Limits\n\nIt knows no gongs.\n", encoding="utf-8")

    weights = pack(trained, tmp_path, notes=notes, license_id="CC0-1.0")
    text = weights.with_suffix(".md").read_text(encoding="utf-8")

    assert f"{weights_file.read_card(weights).parameters:,} parameters" in text
    assert "Licence of the weights: CC0-1.0." in text
    assert "**CC0-1.0** (16)" in text
    assert "`hum_notch` goes first" in text
    assert [f"|     {step} |" in text for step in (1, 2, 3)] == [True] * 3
    assert text.endswith("## Limits\n\nIt knows no gongs.\n")
    assert "Scores" not in text


def test_the_scores_are_those_of_the_run(trained, benched, tmp_path):
    """Means by noise class and SNR, the share made worse, and a line per mixture."""
    _, run = benched

    weights = pack(trained, tmp_path, scores=[run])

    scores = pd.read_parquet(run / "scores.parquet").pivot(
        index="mixture_id", columns="denoiser", values="value"
    )
    cells = pd.read_parquet(run / "scores.parquet").drop_duplicates("mixture_id")
    cells = cells.set_index("mixture_id")
    name = next(one for one in scores if one.startswith("musicecan_small@"))
    lines = pd.read_csv(weights.with_suffix(".scores.csv"), index_col="mixture_id")
    pd.testing.assert_series_equal(lines["estimate_db"], scores[name], check_names=False, atol=1e-6)
    pd.testing.assert_series_equal(lines["noisy_db"], scores["noisy"], check_names=False, atol=1e-6)
    text = weights.with_suffix(".md").read_text(encoding="utf-8")
    for noise_class, own in cells.groupby("noise_class"):
        means = [scores[name][own.index[own["snr_db"] == snr]].mean() for snr in (0.0, 10.0)]
        row = next(
            line
            for line in text.splitlines()
            if noise_class in line and "**these weights**" in line and line.count("|") == 6
        )
        told = [float(cell) for cell in row.split("|")[3:6]]
        assert told == pytest.approx([*means, sum(means) / 2], abs=0.0051)
    worse = 100 * (scores[name] < scores["noisy"]).mean()
    assert f"{worse:.0f} % |" in text


def test_a_run_of_other_weights_is_refused(benched, tmp_path, tiny):
    """Scores of one file are not told of another."""
    _, run = benched
    other = tmp_path / "other"
    train("musicecan_small", tiny.root, other, config=CONFIG, seed=1)

    with pytest.raises(DatasetError, match="has no scores in si_sdr of noisy and of the weights"):
        pack(other, tmp_path, scores=[run])


def test_what_is_no_run_is_refused(tmp_path):
    """Naming what it lacks."""
    with pytest.raises(DatasetError, match=r"weights\.safetensors: no such file; expected a run"):
        pack(tmp_path, tmp_path / "out")


def test_the_command_packs(trained, tmp_path, mn):
    """And tells where."""
    code, said, _ = mn("pack", str(trained), "--out", str(tmp_path / "out"))

    assert code == 0
    assert str(tmp_path / "out/musicecan_small.md") in said


def test_a_card_says_how_recordings_of_every_task_are_treated():
    """By the command of the task, and by its option that names who does it."""
    for task in map(tasks.find, tasks.names()):
        if task.command:
            assert re.match(rf"mn {task.command} .*--{task.actor} {{name}} ", _USAGE[task.name])
