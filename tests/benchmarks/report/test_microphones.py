"""What a run of the task `debleed` says of its microphones."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.signal import lfilter

from benchmarks.leaderboard.run import bench
from benchmarks.metrics.bleed_matrix_error import bleed_matrix
from benchmarks.report.report import report
from benchmarks.report.summary import read_board
from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.build import build
from mn_dataset.mix.dataset import read_audio, read_dataset
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.seeds import generator
from mn_dataset.tables import Row

DEBLEEDER = """
import numpy as np

from benchmarks.contract import DenoiserSpec


class Guess:
    \"\"\"Every path is a tenth of the own one.\"\"\"

    spec = DenoiserSpec(name="guess", task="debleed", channels=1)

    def __call__(self, batch, sampling_rate, *, side=None):
        matrix = np.full((batch.shape[1],) * 2, 0.1) + 0.9 * np.eye(batch.shape[1])
        return np.einsum("ij,bjct->bict", np.linalg.inv(matrix), batch).astype(np.float32)
"""
STEMS = {"other": 0.99, "drums": 0.0, "vocals": 0.9, "guitar": 0.5}
"""In no order of the task's, with how dull each is; a song has three of them."""

SONGS = {"one": ("drums", "vocals", "other"), "two": ("guitar", "vocals", "other")}


@pytest.fixture(scope="module")
def bled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two songs of two seconds, the dataset and the debleeder beside it."""
    folder = tmp_path_factory.mktemp("bled")
    rows = []
    for song, stems in SONGS.items():
        for stem in stems:
            draw = generator(0, "songs", f"{song}/{stem}").normals(2 * SAMPLING_RATE)
            noise = np.asarray(lfilter([1.0], [1.0, -STEMS[stem]], draw))
            samples = np.rint(6000 * noise / np.abs(noise).max()).astype(np.int16)
            file = folder / "corpus" / f"{song}/{stem}.wav"
            file.parent.mkdir(parents=True, exist_ok=True)
            io.write_wav(file, samples, sampling_rate=SAMPLING_RATE)
            of = {"category": stem, "song": song, "split": "test", "license": "CC0-1.0"}
            rows.append(Row(id=f"stem/{song}/{stem}", file=f"{song}/{stem}.wav", **of))
    tables.write_table(tables.table_path(folder / "corpus", "stem"), rows)
    corpus = open_corpus(folder / "corpus")
    dataset = build(corpus, folder / "dataset", task="debleed", split="test", stems=3, count=4)
    plugin = folder / "plugin.py"
    plugin.write_text(DEBLEEDER, encoding="utf-8")
    names = ["noisy", f"{plugin}:Guess"]
    run = bench(dataset, names, folder / "run", workers=0, examples=0)
    report(run)
    return run


@pytest.fixture
def scores(bled: Path) -> pd.Series[Any]:
    """The values by denoiser, target, metric and mixture."""
    rows = pd.read_parquet(bled / "scores.parquet")
    return rows.set_index(["denoiser", "target", "metric", "mixture_id"])["value"].sort_index()


@pytest.fixture
def text(bled: Path) -> str:
    return (bled / "leaderboard.md").read_text(encoding="utf-8")


def cells(text: str, title: str) -> list[list[str]]:
    """Return the rows of the table below a title, its header first."""
    lines = text.split(f"## {title}")[1].split("\n\n")[1].splitlines()
    return [re.split(r"\s*\|\s*", line)[1:-1] for line in [lines[0], *lines[2:]]]


def test_the_matrix_of_a_denoiser_that_inverts_one_is_that_one(
    bled: Path, scores: pd.Series[Any]
) -> None:
    """Every metric of a session sees the whole of it: all microphones and all estimates."""
    dataset = read_dataset(bled.parent / "dataset")
    guess = np.full((3, 3), 0.1) + 0.9 * np.eye(3)
    for mixture in dataset.mixtures:
        audio = read_audio(dataset.root, mixture)
        inputs, targets = (
            [wave[0] for wave in waves.values()] for waves in (audio.inputs, audio.targets)
        )
        true = bleed_matrix(inputs, targets)
        errors = np.linalg.norm(guess - true, axis=1) / np.linalg.norm(true, axis=1)

        ours = [
            scores["guess", target, "bleed_matrix_error", mixture.id] for target in audio.targets
        ]

        assert ours == pytest.approx(20 * np.log10(errors), abs=1e-3)  # estimates are float32


def test_the_matrix_and_microphones_do_no_damage(scores: pd.Series[Any]) -> None:
    """What is left of the bleed, evenly or not, is interference; 16 bits are all the artefacts."""
    damage = scores.xs("sar", level="metric")

    assert damage.min() > 60
    assert scores["guess"].xs("sir", level="metric").max() < 40


def test_targets_stand_in_the_order_of_microphones(bled: Path, text: str) -> None:
    """However songs begin, and ``other`` last."""
    assert list(read_board(bled).scores.by_target) == ["vocals", "drums", "guitar", "other"]
    assert cells(text, "si_sdr [dB] ↑: the mean by target")[0] == [
        *("denoiser", "vocals", "drums", "guitar", "other"),
    ]


@pytest.mark.parametrize(
    ("metric", "frames"),
    [("sdr_v4", "the median over seconds"), ("sdr_v4_mean", "the mean over seconds")],
)
def test_mean_median_and_gain_stand_by_microphone(
    metric: str, frames: str, bled: Path, scores: pd.Series[Any], text: str
) -> None:
    """Each by its name; overall is of the mean over the microphones of a mixture."""
    header, *rows = cells(text, f"{metric} [dB] ↑ by microphone: {frames}, and over mixtures")

    assert header == [
        *("denoiser", "over mixtures", "vocals (n = 4)", "drums (n = 2)", "guitar (n = 2)"),
        *("other (n = 4)", "overall (n = 4)"),
    ]
    assert [row[1] for row in rows] == ["mean", "median", "gain", "mean", "median"]
    for name, rest in (("guess", rows[:3]), ("noisy (reference)", rows[3:])):
        of = scores[name.partition(" ")[0]].xs(metric, level="metric")
        alone = [of[target] for target in ("vocals", "drums", "guitar", "other")]
        values = [*alone, of.groupby("mixture_id").mean()]
        means = [cell.partition(" ")[0] for cell in rest[0][2:]]
        assert means == [f"{value.mean():.2f}" for value in values]
        assert rest[1] == [name, "median", *(f"{np.median(value):.2f}" for value in values)]
    before = scores["noisy"].xs(metric, level="metric")["drums"]
    gain = (scores["guess"].xs(metric, level="metric")["drums"] - before).mean()
    assert rows[2][3] == f"{gain:+.2f}"
    saved = pd.read_csv(bled / "leaderboard.csv").set_index(["denoiser", "bleed", "target"])
    assert {"mean", "median"} <= set(saved.loc[("guess", "all", "vocals")].columns)


def test_microphones_are_counted_and_not_mixtures(
    bled: Path, scores: pd.Series[Any], text: str
) -> None:
    """By how clean they come in, in Markdown and JSON."""
    header, *rows = cells(text, "What becomes of the microphones: si_sdr [dB] ↑")
    before, after = (
        scores[name].xs("si_sdr", level="metric").sort_index() for name in ("noisy", "guess")
    )
    changes = (after - before)[before < 20]
    worst = changes.idxmin()

    assert header == [
        *("denoiser", "came in at", "n", "better", "worse", "mean change", "worst change", "from"),
    ]
    assert rows == [
        [
            *("guess", "below 20 dB", "12", str((changes > 0.5).sum())),
            *(str((changes < -0.5).sum()), f"{changes.mean():+.2f}", f"{changes[worst]:+.2f}"),
            f"{before[worst]:.2f} to {after[worst]:.2f}",
        ]
    ]
    assert "How often it helps" not in text
    (counted,) = json.loads((bled / "leaderboard.json").read_text())["microphones"]
    assert (counted["n"], counted["input"]) == (12, "below 20 dB")


def test_intervals_are_by_song(bled: Path, scores: pd.Series[Any]) -> None:
    """By hand, of two songs of two mixtures each: Student's t of the songs' means."""
    songs = pd.read_parquet(bled / "mixtures.parquet").set_index("mixture_id")["song_cluster"]
    values = scores["guess", "vocals", "sdr_v4"]
    first, second = values.groupby(songs).mean()

    rows = read_board(bled).by("target", "sdr_v4").set_index(["denoiser", "target"])
    row = rows.loc[("guess", "vocals")]

    assert songs.value_counts().tolist() == [2, 2]
    half_width = stats.t.ppf(0.975, 1) * abs(first - second) / 2
    assert row["ci_high"] - row["mean"] == pytest.approx(half_width, rel=1e-3)


def test_its_words_are_those_of_microphones(text: str) -> None:
    """Nothing is said of noise but the name of the row that does nothing, which is explained."""
    prose = re.sub(r"`[^`]*`|Δ noisy|noisy \(reference\)", "", text)

    assert not re.search(r"\bnois", prose)
    assert "`noisy`, the microphone as it came in" in text
    assert "GSIR" not in text
    assert "the mean by kind of bleed" in text


def test_the_page_has_the_same_tables(bled: Path, text: str) -> None:
    """Drawn from the same sections."""
    page = (bled / "index.html").read_text(encoding="utf-8")

    assert '<a href="#microphones">' in page
    _, first, *_ = cells(text, "What becomes of the microphones: si_sdr [dB] ↑")
    assert all(f">{cell}</t" in page for cell in first)


def test_a_run_of_another_task_has_none(separated: Path) -> None:
    """One input is no microphone of its own."""
    assert "icrophone" not in (separated / "leaderboard.md").read_text(encoding="utf-8")
    assert "microphones-title" not in (separated / "index.html").read_text(encoding="utf-8")
    assert "microphones" not in json.loads((separated / "leaderboard.json").read_text())
