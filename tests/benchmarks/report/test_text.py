from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.report import report
from benchmarks.report.text import leaderboard_text
from mn_dataset.errors import DatasetError


def text_of(run: Path, **changes: Any) -> str:
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    (run / "run.json").write_text(json.dumps(story | changes), encoding="utf-8")
    report(run)
    return leaderboard_text(run)


def test_the_first_lines_tell_corpus_split_number_and_command(run: Path) -> None:
    """Who opens the file sees at once what was measured, and that it is synthetic."""
    lines = text_of(run).splitlines()

    assert lines[0] == (
        "# Denoising leaderboard: corpus synthetic (synthetic audio), split test, 32 mixtures"
    )
    assert lines[2] == "`mn bench 'my data' --denoisers noisy,wiener`"


@pytest.mark.parametrize(
    ("origins", "label"),
    [
        ({"synthetic": 2, "recorded": 6}, "(2 of 8 synthetic)"),
        ({"recorded": 8}, "corpus synthetic, split"),
    ],
)
def test_the_label_follows_the_sources(run: Path, origins: dict[str, int], label: str) -> None:
    """Partly synthetic audio is told in numbers; recorded audio has no label."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))

    text = text_of(run, dataset=story["dataset"] | {"origins": origins})

    assert label in text.splitlines()[0]
    assert "(synthetic audio)" not in text


def test_the_title_tells_what_no_recording_covers(run: Path) -> None:
    """A mean over four categories must not be read as one over nine."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))

    text = text_of(run, dataset=story["dataset"] | {"origins": {"synthetic": 1, "recorded": 7}})

    assert text.splitlines()[0].endswith("32 mixtures; not covered by recordings: harp, traffic")


def test_the_main_table_is_si_sdr_with_every_noise_class(run: Path) -> None:
    """The best stands first; rows that are not ranked are marked and have a dash."""
    lines = text_of(run).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("| rank"))
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start:]][:6]

    assert lines[start - 2].startswith("## si_sdr [dB] ↑")
    assert rows[0][:7] == ["rank", "denoiser", "n", "mean", "95 % interval", "Δ noisy", "p"]
    assert rows[0][7:] == ["crowd", "traffic"]
    names = ["mask (oracle)", "<b>bold</b>", "wiener", "noisy (reference)"]
    assert [row[1] for row in rows[2:]] == names
    assert [row[0] for row in rows[2:]] == ["–", "1", "2", "–"]
    assert rows[3][5].startswith("+4.0")


def test_every_metric_coverage_and_what_is_missing_are_told(run: Path) -> None:
    """The whole board, the gaps with their reasons, and how to install what was left out."""
    text = text_of(run)

    assert "| denoiser          | si_sdr [dB] ↑ | pesq [MOS] ↑ | lsd [dB] ↓ |" in text
    assert "93.8 %" in text
    assert "2 × the metric's activity detector found nothing to score" in text
    assert "1 × a file of the dataset is missing" in text
    assert "- stoi: `pip install 'mn-dataset[perceptual]'`" in text
    assert "the 4 clean and 8 noise recordings" in text


def test_who_is_surely_better_and_what_could_be_seen_is_told(run: Path) -> None:
    """The pairs in a line per denoiser; the smallest differences by noise class."""
    text = text_of(run)

    beaten = text.split("## Who is surely better: si_sdr [dB] ↑, all mixtures")[1].split("##")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in beaten.splitlines()]
    assert ["1", "<b>bold</b>", "wiener"] in rows
    assert ["2", "wiener", "–"] in rows
    seen = text.split("## The smallest difference that these mixtures can show")[1].split("##")[0]
    assert "| metric        |  all | crowd | traffic |" in seen
    assert "80 of 100" in seen


def test_means_weighted_by_length_have_their_names(run: Path) -> None:
    """The length-weighted mean of nsdr is GNSDR; without such metrics there is no such table."""
    assert "GNSDR" not in text_of(run)
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    renamed = [
        {**metric, "name": {"pesq": "nsdr", "lsd": "sar"}.get(metric["name"], metric["name"])}
        for metric in story["metrics"]
    ]
    scores = pd.read_parquet(run / "scores.parquet").replace({"pesq": "nsdr", "lsd": "sar"})
    scores.to_parquet(run / "scores.parquet")
    mixtures = pd.read_parquet(run / "mixtures.parquet")
    long = mixtures["mixture_id"] == "test/000"
    mixtures.loc[long, "num_samples"] *= 8
    mixtures.to_parquet(run / "mixtures.parquet")

    text = text_of(run, metrics=renamed, coverage={})

    values = scores[(scores["metric"] == "nsdr") & (scores["denoiser"] == "wiener")]
    weights = 1.0 + 7.0 * (values["mixture_id"] == "test/000")
    expected = (values["value"] * weights).sum() / weights.sum()
    section = text.split("## GNSDR, GSAR: means weighted by length")[1]
    line = next(line for line in section.splitlines() if line.startswith("| wiener"))
    assert line.split("|")[2].strip() == f"{expected:.2f}"


def test_a_run_without_gaps_has_no_section_on_them(run: Path) -> None:
    """Nothing missing, nothing said."""
    text = text_of(run, coverage={}, not_installed=[], command_line=[])

    assert "Coverage" not in text
    assert "Not installed" not in text
    assert "``" not in text


def test_a_run_without_a_report_is_said(tmp_path: Path) -> None:
    """The terminal's text needs the report."""
    with pytest.raises(DatasetError, match="mn report"):
        leaderboard_text(tmp_path)
