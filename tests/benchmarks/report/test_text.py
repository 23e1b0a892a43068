from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.report import report
from benchmarks.report.text import leaderboard_text
from mn_dataset.errors import DatasetError

BOLD = r"\<b\>bold\</b\>"
"""A name that would be a tag, as Markdown shows it."""


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
    names = ["mask (oracle)", BOLD, "wiener", "noisy (reference)"]
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
    assert ["1", BOLD, "wiener"] in rows
    assert ["2", "wiener", "–"] in rows
    seen = text.split("## The smallest difference that these mixtures can show")[1].split("##")[0]
    assert "| metric        |  all | crowd | traffic |" in seen
    assert "80 of 100" in seen


def test_a_metric_without_a_unit_has_three_digits(run: Path) -> None:
    """An intelligibility is told apart in its third digit."""
    metrics = json.loads((run / "run.json").read_text(encoding="utf-8"))["metrics"]
    text = text_of(run, metrics=[{**metrics[0], "unit": "1"}, *metrics[1:]])

    header, *rows = section(text, "Every metric: mean over all mixtures")
    assert header[1:3] == ["si_sdr [dB] ↑", "pesq ↑"]
    assert all([len(cell.partition(".")[2]) for cell in row[1:3]] == [2, 3] for row in rows[1:])


def section(text: str, title: str) -> list[list[str]]:
    """Return the cells of the table below a heading."""
    _, _, rest = text.partition(f"## {title}")
    lines = rest.partition("\n## ")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]


def change_scores(run: Path, change: Callable[[pd.DataFrame], pd.Series[float]]) -> None:
    scores = pd.read_parquet(run / "scores.parquet")
    scores["value"] = change(scores)
    scores.to_parquet(run / "scores.parquet")


def test_a_denoiser_that_assumes_something_is_marked(run: Path) -> None:
    """Below the main table stands what it assumes; who assumes nothing has no mark."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][1]["assumes"] = "instantaneous mixing"

    text = text_of(run, denoisers=story["denoisers"])

    assert "| wiener § " in text
    assert "- § `wiener` assumes instantaneous mixing; on other mixtures it may do harm." in text
    assert text.count("§") == 2


def test_a_denoiser_that_lacks_values_is_marked(run: Path) -> None:
    """With how many it lacks, and its mean where they are filled in."""
    change_scores(
        run,
        lambda rows: rows["value"].mask(
            (rows["denoiser"] == "wiener") & rows["mixture_id"].isin(["test/003", "test/004"])
        ),
    )

    text = text_of(run)

    assert "| wiener † " in text
    assert "- † `wiener` has no value on 2 of 32 mixtures." in text
    board = pd.read_csv(run / "leaderboard.csv")
    whole = (board[["noise_class", "music_category", "snr_db"]] == "all").all(axis=1)
    row = board[whole & (board["metric"] == "si_sdr") & (board["denoiser"] == "wiener")].iloc[0]
    assert f"its mean is {row['worst_case']:.2f} dB" in text
    assert "†" not in text.split("## Every metric")[1]


def test_a_difference_that_one_recording_holds_is_marked(run: Path) -> None:
    """A denoiser that takes one noise away, and leaves the others as they are."""
    noises = pd.read_parquet(run / "mixtures.parquet").set_index("mixture_id")["noise_id"]

    def of_one_hum(rows: pd.DataFrame) -> pd.Series[float]:
        hum = rows["mixture_id"].map(noises) == "noise/3"
        noisy = (
            rows["value"]
            .where(rows["denoiser"] == "noisy")
            .groupby([rows["mixture_id"], rows["metric"]])
        )
        return rows["value"].mask(rows["denoiser"] == "wiener", noisy.transform("max") + 20 * hum)

    change_scores(run, of_one_hum)

    text = text_of(run)

    assert "| wiener ‡ " in text
    assert (
        "- ‡ One recording holds most of what `wiener` differs from `noisy` by: without `noise/3` "
        "the difference is +0.00 instead of +2.50 dB."
    ) in text


def test_too_few_recordings_have_no_ranks(run: Path) -> None:
    """With two clips the table says so where the ranks would be, and compares nobody."""
    mixtures = pd.read_parquet(run / "mixtures.parquet")
    mixtures["clean_cluster"] = mixtures["clean_cluster"].replace(
        {"clean/2": "clean/0", "clean/3": "clean/1"}
    )
    mixtures.to_parquet(run / "mixtures.parquet")

    text = text_of(run)

    assert "| not resolved | wiener" in text
    assert "|            – | noisy (reference)" in text
    assert "- Not resolved: these mixtures are of too few recordings" in text
    assert "Who is surely better" not in text
    assert "Where the metrics disagree" not in text


def test_learned_denoisers_are_held_against_the_best_classical_one(run: Path) -> None:
    """Over all and by class, in words; a run that has no learned one says nothing of it."""
    title = "Against the best classical denoiser: si_sdr [dB] ↑"
    assert title not in text_of(run)
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][2]["trained_on"] = "music"

    rows = section(text_of(run, denoisers=story["denoisers"]), title)

    assert [row[:3] for row in rows[2:]] == [
        [mixtures, "wiener", BOLD] for mixtures in ("all", "crowd", "traffic")
    ]
    assert {row[-1] for row in rows[2:]} == {"surely better"}


def test_the_other_way_round_nothing_is_better(run: Path) -> None:
    """A learned denoiser that is worse than a classical one is told to be no better."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][1]["trained_on"] = "music"

    text = text_of(run, denoisers=story["denoisers"])

    rows = section(text, "Against the best classical denoiser: si_sdr [dB] ↑")
    assert {row[1] for row in rows[2:]} == {BOLD}
    assert {row[-1] for row in rows[2:]} == {"no better"}
    assert all(row[3].startswith("-") for row in rows[2:])


def test_how_often_a_denoiser_helps_is_told(run: Path) -> None:
    """In shares of the mixtures, with the tenth percentile and the worst."""
    title = "How often it helps, and how badly it fails: si_sdr [dB] ↑"
    text = text_of(run)

    rows = section(text, title)

    assert rows[0] == ["denoiser", "won", "tied", "lost", "p10", "worst"]
    assert [row[0] for row in rows[2:]] == ["mask (oracle)", BOLD, "wiener"]
    assert rows[4][1:4] == ["100 %", "0 %", "0 %"]
    scores = pd.read_parquet(run / "scores.parquet")
    values = scores[(scores["metric"] == "si_sdr") & (scores["denoiser"] == "wiener")]["value"]
    assert rows[4][4:] == [f"{values.quantile(0.1):.2f}", f"{values.min():.2f}"]
    assert "by more than 0.5 dB" in text


def test_no_name_is_a_tag(run: Path) -> None:
    """Whoever wrote it; wherever it stands."""
    name, title = "<b>bold</b>", "Who is surely better: si_sdr [dB] ↑, all mixtures"
    change_scores(
        run,
        lambda rows: rows["value"].where(
            (rows["metric"] != "si_sdr") | (rows["denoiser"] != name), -rows["value"]
        ),
    )

    text = text_of(run)

    assert ["1", "wiener", BOLD] in section(text, title)
    assert f"- `{name}`: better by pesq, lsd; worse by si_sdr." in text
    assert name not in text.replace(f"`{name}`", "")


def test_metrics_that_contradict_each_other_are_told(run: Path) -> None:
    """A denoiser that gains in decibels and loses in opinion."""
    agreed = "No denoiser is surely better by one metric and surely worse by another."
    assert agreed in text_of(run)
    change_scores(
        run,
        lambda rows: rows["value"].where(
            (rows["metric"] != "pesq") | (rows["denoiser"] != "wiener"), -rows["value"]
        ),
    )

    text = text_of(run)

    rows = section(text, "Where the metrics disagree: better or worse than `noisy`")
    assert ["wiener", "+", "-", "+"] in rows
    assert ["mask (oracle)", "+", "+", "+"] in rows
    assert "- `wiener`: better by si_sdr, lsd; worse by pesq." in text
    assert agreed not in text


def test_the_cost_names_the_machine(run: Path) -> None:
    """Real-time factor, parameters and memory, in one table."""
    text = text_of(run)

    rows = section(text, "What it costs")

    assert ["wiener", "0.0125", "0.0200", "0", "12.5", "cpu"] in rows
    assert "on A processor (2 cores, Linux)" in text


def test_a_metric_of_every_fifth_mixture_says_so(run: Path) -> None:
    """In its heading; the mixtures that it was not asked of are no gap."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["metrics"][0]["every"] = 5
    counts = {"pesq": {"ok": 7, "not_sampled": 25}}
    change_scores(
        run,
        lambda rows: rows["value"].where(
            (rows["metric"] != "pesq") | (rows["mixture_id"].str[-1].isin(["0", "5"]))
        ),
    )

    text = text_of(run, metrics=story["metrics"], coverage={"wiener": counts})

    assert "pesq [MOS] ↑ (every 5th mixture)" in text
    assert "Coverage" not in text
    assert "†" not in text


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
