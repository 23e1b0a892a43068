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
    input_file,
    packed,
    worst,
)
from benchmarks.report.summary import Board, read_board
from mn_dataset.tasks import registry as tasks

KEYS = ("noise_class", "music_category", "snr_db")


def one(part: Any, place: int) -> Any:
    """The number of one denoiser: a column holds one each, or the one that all have."""
    return part[place] if isinstance(part, list) else part


def test_every_row_of_the_board_can_be_read_back(run: Path) -> None:
    """Place by place: cell, metric, column, denoiser; in three to five digits."""
    board = read_board(run)
    cube = packed(board)
    columns = cube["columns"]
    read = {}
    for cell in cube["cells"]:
        where = [
            "all" if place < 0 else cube["axes"][key][place]
            for key, place in zip(KEYS, cell["key"], strict=True)
        ]
        for metric, values, resolved in zip(
            board.metrics, cell["values"], cell["resolved"], strict=True
        ):
            for place, name in enumerate(board.names):
                numbers = (one(part, place) for part in values)
                row = dict(zip(columns, numbers, strict=True))
                read[*where, metric, name] = row | {"resolved": resolved}

    assert len(read) == len(board.rows)
    assert {"mean", "rank", "won", "lost", "p10", "worst", "without_low"} < set(columns)
    for row in board.rows.to_dict("records"):
        found = read[*(str(row[key]) for key in KEYS), row["metric"], row["denoiser"]]
        for column in columns:
            tolerance = 5e-3 if column == "p_value" else 1e-3  # of three digits, and of four
            undefined = pd.isna(row[column])
            expected = None if undefined else pytest.approx(row[column], rel=tolerance)
            if column == "worst_case" and row[column] == pytest.approx(row["mean"], rel=1e-9):
                expected = None
            assert found[column] == expected
        assert found["resolved"] == row["resolved"]


def test_what_is_the_same_is_told_once(run: Path) -> None:
    """Of mixtures of one length no weighted mean; of a cell one n, where nobody lacks a value."""
    cube = packed(read_board(run))

    assert "weighted_mean" not in cube["columns"]
    whole = next(cell for cell in cube["cells"] if cell["key"] == [-1, -1, -1])
    n, worst_case = (cube["columns"].index(name) for name in ("n", "worst_case"))
    assert [values[n] for values in whole["values"]] == [32, 32, 32]
    assert [values[worst_case] for values in whole["values"]] == [None, None, None]


def test_who_lacks_values_has_a_worst_case(run: Path) -> None:
    """So that n can be read as a share: what lacks a value is in the size and not in n."""
    lack(run, "wiener")

    cube = packed(read_board(run))

    whole = next(cell for cell in cube["cells"] if cell["key"] == [-1, -1, -1])
    assert whole["size"] == 32
    assert one(whole["values"][0][cube["columns"].index("n")], 0) == 31
    assert one(whole["values"][0][cube["columns"].index("worst_case")], 1) is not None


def test_a_cell_tells_what_it_stands_on(run: Path) -> None:
    """Mixtures that anybody has a value on in a metric, and recordings of each kind in them."""
    lack(run)

    cells = {tuple(cell["key"]): cell for cell in packed(read_board(run))["cells"]}

    assert cells[-1, -1, -1]["size"] == 32
    assert cells[-1, -1, -1]["scored"] == [[31, 4, 8]] * 3
    assert cells[-1, -1, -1]["resolved"] == [1, 1, 1]
    assert cells[0, -1, 0]["scored"] == [[7, 4, 2]] * 3
    assert cells[0, -1, 0]["resolved"] == [0, 0, 0]


def test_who_is_carried_by_one_recording_is_told(run: Path) -> None:
    """With the recording's name; nobody else."""
    scores = pd.read_parquet(run / "scores.parquet")
    noise = scores["mixture_id"].isin([f"test/{number:03d}" for number in range(4)])
    carried = noise & (scores["denoiser"] == "wiener") & (scores["metric"] == "si_sdr")
    alone = (scores["denoiser"] == "wiener") & (scores["metric"] == "si_sdr")
    scores.loc[alone, "value"] = 0.0
    scores.loc[carried, "value"] = 100.0
    scores.to_parquet(run / "scores.parquet")

    cube = packed(read_board(run))

    whole = next(cell for cell in cube["cells"] if cell["key"] == [-1, -1, -1])
    metric = list(read_board(run).metrics).index("si_sdr")
    assert whole["carried"] == [metric, 1, "noise/0"]


def lack(run: Path, *denoisers: str) -> None:
    """Take the values of some denoisers, by default of all, on the first mixture away."""
    scores = pd.read_parquet(run / "scores.parquet")
    names = denoisers or scores["denoiser"].unique()
    lacking = (scores["mixture_id"] == "test/000") & scores["denoiser"].isin(names)
    scores.loc[lacking, "value"] = float("nan")
    scores.to_parquet(run / "scores.parquet")


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

    values = cube["cells"][0]["values"][0]
    told = dict(zip(cube["columns"], values, strict=True))
    assert told["more"] == 0.12346
    assert "words" not in cube["columns"]
    assert told["rank"] == [None, 2, 1, None]
    assert told["rank_high"] == [None, 4, 3, None]
    assert all(isinstance(rank, int) for rank in told["rank"] if rank is not None)


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


def test_a_song_is_separated_again_by_the_command_for_songs(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of its mixture alone, which lies beside its parts; the row that does nothing is benched."""
    board = board_of(run, denoiser={}, path="../data")
    monkeypatch.setattr(Board, "task", tasks.find("separate"))
    noisy, mask = (board.run["denoisers"][place] for place in (0, -1))

    assert again(board, mask) == f"mn separate {INPUT} --separator mask --out again"
    assert again(board, noisy) == "mn bench ../data --denoisers noisy --out again"
    assert input_file(board, "test/000017") == "../data/audio/test/000017.mixture.*"
