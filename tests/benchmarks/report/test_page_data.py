from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from benchmarks.report.page_data import (
    EACH,
    INPUT,
    again,
    duels,
    input_file,
    packed,
    visible,
    worst,
)
from benchmarks.report.report import report
from benchmarks.report.summary import Board, read_board


def test_every_row_of_the_board_can_be_read_back(run: Path) -> None:
    """Place by place: cell, metric, denoiser, column; in five digits, and nothing else."""
    board = read_board(run)
    cube = packed(board)
    keys = ("noise_class", "music_category", "snr_db")
    metrics, names, columns = list(board.metrics), board.names, cube["columns"]
    read = {}
    for cell in cube["cells"]:
        where = [
            "all" if place < 0 else cube["axes"][key][place]
            for key, place in zip(keys, cell["key"], strict=True)
        ]
        values = cell["values"]
        rows = [values[at : at + len(columns)] for at in range(0, len(values), len(columns))]
        for at, row in enumerate(rows):
            metric, name = metrics[at // len(names)], names[at % len(names)]
            read[*where, metric, name] = dict(zip(columns, row, strict=True))

    assert len(read) == len(board.rows)
    for row in board.rows.to_dict("records"):
        found = read[*(str(row[key]) for key in keys), row["metric"], row["denoiser"]]
        for column in columns:
            expected = None if pd.isna(row[column]) else pytest.approx(row[column], rel=1e-4)
            assert found[column] == expected


def test_a_cell_tells_how_many_mixtures_it_has(run: Path) -> None:
    """So that n can be read as a share: what lacks a value is in the size and not in n."""
    scores = pd.read_parquet(run / "scores.parquet")
    lacking = (scores["mixture_id"] == "test/000") & (scores["denoiser"] == "wiener")
    scores.loc[lacking, "value"] = float("nan")
    scores.to_parquet(run / "scores.parquet")

    cube = packed(read_board(run))

    whole = next(cell for cell in cube["cells"] if cell["key"] == [-1, -1, -1])
    assert whole["size"] == 32
    assert whole["values"][cube["columns"].index("n")] == 31


def test_snrs_are_in_order(run: Path) -> None:
    """By value, not by letter: 10 dB comes after 5 dB."""
    scores = pd.read_parquet(run / "scores.parquet")
    scores["snr_db"] = scores["snr_db"].map({0.0: 10.0, 5.0: -5.0})
    scores.to_parquet(run / "scores.parquet")

    assert packed(read_board(run))["axes"]["snr_db"] == ["-5", "10"]


def test_columns_that_the_board_gains_travel_too(run: Path) -> None:
    """Whatever else is told of a row in numbers: whole numbers stay whole."""
    board = read_board(run)
    board.rows["rank_high"] = board.rows["rank"] + 2
    board.rows["more"] = 0.123456789
    board.rows["words"] = "no number"

    cube = packed(board)

    width = len(cube["columns"])
    flat = cube["cells"][0]["values"]
    rows = [flat[at : at + width] for at in range(0, len(flat), width)]
    told = [dict(zip(cube["columns"], row, strict=True)) for row in rows]
    assert {row["more"] for row in told} == {0.12346}
    assert "words" not in cube["columns"]
    assert {(row["rank"], row["rank_high"]) for row in told} == {(None, None), (1, 3), (2, 4)}


def test_the_pairs_are_those_of_the_json(run: Path) -> None:
    """Over all mixtures, metric by metric, in five digits; what is sure is told before rounding."""
    report(run)
    board = read_board(run)
    packed = duels(board)
    written = json.loads((run / "leaderboard.json").read_text(encoding="utf-8"))["duels"]
    facets = ("noise_class", "music_category", "snr_db")
    whole = [row for row in written if {row[name] for name in facets} == {"all"}]
    width = len(packed["columns"])
    read = []
    for metric, flat in zip(board.metrics, packed["values"], strict=True):
        for at in range(0, len(flat), width):
            row = dict(zip(packed["columns"], flat[at : at + width], strict=True))
            sides = [board.names[row.pop(side)] for side in ("better", "worse")]
            read.append(([metric, *sides], row))

    expected = sorted(whole, key=lambda row: list(board.metrics).index(row["metric"]))
    assert [who for who, _ in read] == [
        [row["metric"], row["better"], row["worse"]] for row in expected
    ]
    for (_, row), told in zip(read, expected, strict=True):
        assert row.pop("sure") == (told["p_value"] < 0.05)
        assert row == pytest.approx({name: told[name] for name in row}, rel=1e-4)


def test_what_chance_cannot_tell_has_no_pairs(run: Path) -> None:
    """With one clean recording nobody is ranked: no pair, and no difference that can be seen."""
    mixtures = pd.read_parquet(run / "mixtures.parquet").assign(clean_cluster="one")
    mixtures.to_parquet(run / "mixtures.parquet")
    board = read_board(run)

    assert duels(board)["values"] == [[], [], []]
    assert visible(board)["told"] == [{}, {}, {}]


def test_the_smallest_differences_are_in_the_words_of_the_markdown(run: Path) -> None:
    """The same digits, in the same order of metrics, for all and for each class."""
    report(run)
    board = read_board(run)
    found = visible(board)
    text = (run / "leaderboard.md").read_text(encoding="utf-8")
    _, _, table = text.partition("## The smallest difference that these mixtures can show\n")
    rows = [line.strip("| ").split("|") for line in table.splitlines() if line.startswith("|")]

    classes = [cell.strip() for cell in rows[0][1:]]
    for told, row in zip(found["told"], rows[2:5], strict=True):
        assert [told[name][1] for name in classes] == [cell.strip() for cell in row[1:]]
        assert all(
            pairs == 1 and low == middle == high for pairs, middle, low, high in told.values()
        )
    assert f"in {found['power']} of 100 such test sets" in text


def test_the_worst_clips_of_any_cell_are_found(run: Path) -> None:
    """Class, category and SNR alone or together, upward and downward metrics: as in the scores."""
    board = read_board(run)
    cube = packed(board)
    axes = cube["axes"]
    found = worst(board, axes)
    scores = pd.read_parquet(run / "scores.parquet")
    cells = [(-1, -1, -1), (0, -1, -1), (-1, 1, -1), (1, -1, 0), (1, 0, 1)]
    for metric_place, (metric, spec) in enumerate(board.metrics.items()):
        for place, name in enumerate(board.names):
            flat = found["clips"][metric_place][place]
            clips = [(found["mixtures"][flat[at]], flat[at + 1]) for at in range(0, len(flat), 3)]
            own = scores[(scores["metric"] == metric) & (scores["denoiser"] == name)]
            own = own.sort_values("value", ascending=spec["higher_is_better"])
            for cell in cells:
                inside = own
                for key, wanted in zip(axes, cell, strict=True):
                    label = None if wanted < 0 else axes[key][wanted]
                    if label is not None:
                        text = inside[key].map(lambda v: v if isinstance(v, str) else f"{v:g}")
                        inside = inside[text == label]
                shown = [
                    row[0]
                    for row, _ in clips
                    if all(w < 0 or w == at for w, at in zip(cell, row[1:4], strict=True))
                ]
                assert shown[:EACH] == inside["mixture_id"].tolist()[:EACH]


def test_a_clip_tells_its_difference_to_the_mixture(run: Path) -> None:
    """Value less that of noisy on the same mixture; without noisy there is none."""
    board = read_board(run)
    found = worst(board, packed(board)["axes"])
    scores = pd.read_parquet(run / "scores.parquet").query("metric == 'si_sdr'")
    values = scores.pivot(index="mixture_id", columns="denoiser", values="value")

    clip, value, delta = found["clips"][0][board.names.index("wiener")][:3]

    name = found["mixtures"][clip][0]
    assert abs(value - values.loc[name, "wiener"]) < 1e-3
    assert abs(delta - (values.loc[name, "wiener"] - values.loc[name, "noisy"])) < 1e-3


def board_of(run: Path, *, denoiser: dict[str, Any], **dataset: str) -> Board:
    """The board of a run that tells this of its last denoiser and of its dataset."""
    story = json.loads((run / "run.json").read_text(encoding="utf-8"))
    story["denoisers"][-1] |= denoiser
    story["dataset"] |= dataset
    (run / "run.json").write_text(json.dumps(story), encoding="utf-8")
    return read_board(run)


def test_a_mixture_s_file_is_found_from_the_run(run: Path) -> None:
    """WAV or FLAC: the shell finds which; an older run knows the dataset's name alone."""
    board = board_of(run, denoiser={}, path="../my data")
    assert input_file(board, "test/000017") == "'../my data/audio/test/000017.noisy.'*"

    del board.run["dataset"]["path"]
    assert input_file(board, "test/000017") == "built/audio/test/000017.noisy.*"


def test_a_denoiser_is_asked_for_as_the_run_did(run: Path) -> None:
    """A file of somebody's own, whatever its name; an older run tells the denoiser's name alone."""
    board = board_of(run, denoiser={"request": "../my file.py:Half"})
    item = board.run["denoisers"][-1]

    words = shlex.split(again(board, item))

    assert words == ["mn", "denoise", INPUT, "--denoiser", "../my file.py:Half", "--out", "again"]
    del item["request"]
    assert shlex.split(again(board, item))[4] == "mask"


def test_who_is_told_more_than_the_mixture_is_benched(run: Path) -> None:
    """`mn denoise` has nothing to tell it; the device of the run is asked for again."""
    board = board_of(run, denoiser={"needs": ["clean"]}, path="../data")
    board.run["settings"]["device"] = "cuda"

    assert again(board, board.run["denoisers"][-1]) == (
        "mn bench ../data --denoisers noisy,mask --out again --device cuda"
    )
