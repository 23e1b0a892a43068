"""The report has one line per thing to know, and the same as JSON."""

import json
from pathlib import Path

from benchmarks.denoise.denoise import DENOISING, denoise
from benchmarks.recordings.summary import Outcome, Summary, refusal


def test_each_thing_to_know_is_one_line():
    """How many, what was changed, and what was refused or clipped, by name."""
    outcomes = (
        refusal(Path("a\nb.wav"), ValueError("truncated; get the file again")),
        Outcome("c.mp3", "done", duration_s=1.5, own_form=False, counts={"clipped": 3}),
        Outcome("d.wav", "finished"),
    )
    summary = Summary(DENOISING, "wiener", "1", "float32", "cpu", Path("out"), outcomes)

    assert str(summary).splitlines() == [
        "1 recording (1.5 s) denoised by wiener into out",
        "1 recording finished before, and left alone",
        "1 recording in lossy or foreign form, written as WAV",
        "refused: a\\nb.wav: truncated; get the file again",
        "clipped: c.mp3: 3 samples of the estimate are beyond full scale and held at it; lower the "
        "recording, or write it in floating point",
    ]
    assert (summary.refused, summary.count("done")) == (1, 1)


def test_the_answer_is_json(tmp_path, own, record):
    """What `--json` prints holds every recording."""
    summary = denoise(
        [record("a.wav"), tmp_path / "none.wav"], denoiser=own("Half"), out=tmp_path / "out"
    )

    answer = json.loads(json.dumps(summary.as_dict(), default=str))

    assert (answer["denoiser"], answer["precision"]) == ("half", "float32")
    by_state = {item["state"]: item for item in answer["recordings"]}
    assert by_state["done"]["outputs"] == [str(tmp_path / "out" / "a.wav")]
    assert by_state["done"]["form"] == "WAV PCM_16"
    assert "no such file" in by_state["refused"]["reason"]
