from __future__ import annotations

import json
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.leaderboard.run import bench
from benchmarks.report.page_data import INPUT, again
from benchmarks.report.players import listen
from benchmarks.report.report import report
from benchmarks.report.summary import read_board
from mn_dataset.audio.corpus import Corpus
from mn_dataset.audio.io import read_pcm
from mn_dataset.errors import DatasetError
from mn_dataset.mix.draw import draw
from mn_dataset.mix.render import render
from mn_dataset.records import SAMPLING_RATE


@pytest.fixture(scope="module")
def made(tiny: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of three mixtures, two of them to be heard."""
    folder = tmp_path_factory.mktemp("listen")
    dataset = render(draw(tiny, split="test", snr_db=(0, 10), count=3), tiny, folder / "dataset")
    names = ["noisy", "mmse_stsa", "oracle_ratio_mask"]
    return bench(dataset, names, folder / "run", metrics=["si_sdr"], workers=0, examples=2)


def test_every_player_has_a_file_a_level_and_a_picture(made: Path) -> None:
    """Noisy, clean, and of every denoiser estimate and residual."""
    examples = listen(read_board(made), made)

    assert len(examples) == 2
    for example in examples:
        assert set(example["estimates"]) == {"mmse_stsa", "oracle_ratio_mask"}
        players = [*example["layers"].values()]
        assert (example["inputs"], example["targets"]) == (["noisy"], ["clean"])
        players += [
            player for item in example["estimates"].values() for player in item["clean"].values()
        ]
        assert len(players) == 6
        for player in players:
            assert (made / player["file"]).is_file()
            assert (made / player["picture"]).read_bytes().startswith(b"\x89PNG")
            assert -100 < player["level_db"] < 0


def test_an_example_tells_its_scores_and_whose_worst_clip_it_is(made: Path) -> None:
    """The same values as in the scores, and every denoiser that does worst on it."""
    board = read_board(made)
    for example in listen(board, made):
        place = board.scores.ids.index(example["id"])
        for name, values in example["scores"].items():
            score = board.scores.values["si_sdr"][place, board.names.index(name)]
            assert values == pytest.approx([score], rel=1e-4)
    assert any("mmse_stsa" in example["worst_of"] for example in listen(board, made))


def test_pictures_are_drawn_once(made: Path) -> None:
    """A report that is made again draws none; audio that is newer is drawn again."""
    board = read_board(made)
    player = listen(board, made)[0]["layers"]["noisy"]
    picture = made / player["picture"]
    picture.write_bytes(b"kept")
    listen(board, made)
    assert picture.read_bytes() == b"kept"

    audio = made / player["file"]
    audio.write_bytes(audio.read_bytes())
    listen(board, made)

    assert picture.read_bytes() != b"kept"


def test_damaged_audio_has_no_picture(made: Path, tmp_path: Path) -> None:
    """The page stands nevertheless."""
    run = shutil.copytree(made, tmp_path / "run")
    player = listen(read_board(run), run)[0]["layers"]["clean"]
    (run / player["picture"]).unlink()
    (run / player["file"]).write_bytes(b"no audio")

    assert listen(read_board(run), run)[0]["layers"]["clean"]["picture"] is None
    report(run)


@pytest.mark.parametrize("way", ["climbing", "linked", "absolute"])
def test_a_file_outside_the_run_is_not_touched(made: Path, tmp_path: Path, way: str) -> None:
    """A run may be a stranger's: its examples lead nowhere else, and nothing is drawn there."""
    run = shutil.copytree(made, tmp_path / "run")
    described = json.loads((run / "run.json").read_text(encoding="utf-8"))
    mine = tmp_path / "mine.flac"
    shutil.copy(run / described["examples"][0]["noisy"], mine)
    picture = mine.with_suffix(".png")
    picture.write_bytes(b"mine")
    os.utime(picture, ns=(0, 0))
    (run / "examples" / "way").symlink_to(tmp_path)
    names = {"climbing": "../mine.flac", "linked": "examples/way/mine.flac", "absolute": str(mine)}
    described["examples"][0]["noisy"] = names[way]
    (run / "run.json").write_text(json.dumps(described), encoding="utf-8")

    with pytest.raises(DatasetError, match="which is not in the folder"):
        report(run)
    assert picture.read_bytes() == b"mine"


def test_the_command_makes_the_estimate_again(
    made: Path, tmp_path: Path, mn: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed in the run's folder, it writes the very samples that the page plays."""
    run = shutil.copytree(made, tmp_path / "run")
    board = read_board(run)
    example = listen(board, run)[0]
    monkeypatch.chdir(run)

    item = next(item for item in board.run["denoisers"] if item["name"] == "mmse_stsa")
    words = shlex.split(again(board, item).replace(INPUT, example["noisy"]))
    assert mn(*words[1:])[0] == 0

    (file,) = Path("again").glob("*.flac")
    played = read_pcm(
        run / example["estimates"]["mmse_stsa"]["clean"]["estimate"]["file"],
        sampling_rate=SAMPLING_RATE,
    )
    np.testing.assert_array_equal(read_pcm(file, sampling_rate=SAMPLING_RATE), played)
