"""The command line: what a person types, and the one message when it is at fault."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mn_dataset.audio import io
from mn_dataset.mix.manifest import read_manifest


def test_the_corridor_in_steps(mn, tiny_folder, tmp_path):
    """check, split, draw, render and verify, as separate commands."""
    recipes, out = tmp_path / "r.parquet", tmp_path / "out"

    assert mn("check", tiny_folder)[0] == 0
    assert mn("split", tiny_folder)[0] == 0
    assert mn("draw", tiny_folder, "--out", recipes, "--split", "test", "--snr-db", -5, 0)[0] == 0
    assert mn("render", recipes, "--corpus", tiny_folder, "--out", out, "--workers", 1)[0] == 0
    code, text, _ = mn("verify", out, "--workers", 1)
    assert (code, text) == (0, f"0 faults in {out}\n")


def test_build_speaks_json(mn, tiny_folder, tmp_path):
    """One machine-readable object on stdout."""
    code, text, _ = mn(
        "build", tiny_folder, "--out", tmp_path / "d", "--split", "test", "--snr-db", "2:6",
        "--count", 4, "--workers", 1, "--json",
    )  # fmt: skip

    assert code == 0
    assert json.loads(text) == {"dataset": str(tmp_path / "d"), "mixtures": 4}


@pytest.mark.parametrize("levels", [["-5", "0", "5"], ["-5:-1"], ["-5:20"], ["0", "2:20"]])
def test_levels_are_separated_by_blanks_and_may_be_negative(mn, tiny_folder, tmp_path, levels):
    """Negative numbers and ranges are not taken for options."""
    out = tmp_path / "r.parquet"
    code, text, _ = mn(
        "draw", tiny_folder, "--snr-db", *levels, "--out", out, "--split", "test", "--json"
    )

    assert code == 0
    assert json.loads(text)["count"] == 15 * len(levels)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["bild"], 2),
        (["build"], 2),
        (["build", "x", "--out", "y", "--sned", "1"], 2),
        (["build", "nowhere", "--out", "out"], 1),
        (["verify", "nowhere"], 1),
        (["fetch", "synthtic"], 1),
        (["metrics", "srd"], 1),
        (["bench", "nowhere", "--denoisers", "noisy", "--out", "out"], 1),
        (["report", "nowhere"], 1),
    ],
)
def test_wrong_usage_is_2_and_bad_input_is_1(mn, words, code, tmp_path, monkeypatch):
    """And nothing is left behind."""
    monkeypatch.chdir(tmp_path)

    assert mn(*words)[0] == code
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_does_not_exist_gets_the_nearest(mn):
    """Commands, corpora and metrics alike."""
    assert "sdr" in mn("metrics", "srd")[2]
    assert "did you mean 'synthetic'" in mn("fetch", "synthtic")[2]


def spoil(kind, root):
    """Damage a recording of the validation split, which the build below would not use."""
    path = root / "clean/piano_validation_0.wav"
    samples = io.read_pcm(path, sampling_rate=44_100)
    if kind == "missing":
        path.unlink()
    elif kind == "truncated":
        path.write_bytes(path.read_bytes()[:-7000])
    elif kind == "html":
        path.write_text("<!DOCTYPE html><html>Quota exceeded</html>")
    elif kind == "silent":
        io.write_wav(path, np.zeros_like(samples), sampling_rate=44_100)
    elif kind == "rate":
        io.write_wav(path, samples, sampling_rate=48_000)
    elif kind == "stereo":
        soundfile.write(path, np.stack([samples, samples], axis=1), 44_100, subtype="PCM_16")
    elif kind == "float":
        soundfile.write(path, samples / 32_768, 44_100, subtype="FLOAT")
    return path


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("missing", "no such file"),
        ("truncated", "truncated"),
        ("html", "an HTML page"),
        ("silent", "silent"),
        ("rate", "48000 Hz"),
        ("stereo", "2 channel(s)"),
        ("float", "FLOAT"),
    ],
)
def test_a_bad_recording_stops_the_build_in_one_line(mn, damaged, tmp_path, kind, text):
    """Named by table, row, column and file, also when the draw would not have used it."""
    root = damaged()
    path = spoil(kind, root)
    row = (root / "clean.csv").read_text().splitlines().index(
        next(line for line in (root / "clean.csv").read_text().splitlines() if path.name in line)
    ) + 1

    code, _, message = mn("build", root, "--out", tmp_path / "out", "--split", "test")

    assert code == 1
    assert message.count("\n") == 1
    assert f"clean.csv:{row}: column 'file'" in message
    assert path.name in message
    assert text in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        ({"category": "Cello "}, "column 'category' is 'Cello '; did you mean 'cello'?"),
        ({"id": "clean/piano_train_1"}, "column 'id' is 'clean/piano_train_1'"),
        ({"file": "../../etc/passwd"}, "column 'file' is '../../etc/passwd'"),
    ],
)
def test_a_bad_cell_stops_the_build_in_one_line(mn, damaged, tmp_path, cells, text):
    """Table, row, column; nothing is written."""
    code, _, message = mn(
        "build", damaged("clean", 2, **cells), "--out", tmp_path / "out", "--split", "test"
    )

    assert (code, message.count("\n")) == (1, 1)
    assert text in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--snr-db", "400"], "test: piano × electrical × 400 dB: cannot be drawn"),
        (["--snr-db", "loud"], "expected a number of dB"),
        (["--snr-db", "20:2"], "expected a number of dB"),
        (["--split", "tst"], "did you mean 'test'?"),
        (["--preset", "musicecan"], "did you mean 'musicecan-2024'?"),
        (["--workers", "0"], "expected 1 or more"),
        (["--ratios", "1", "2"], "expected three shares"),
    ],
)
def test_a_senseless_option_stops_the_build_in_one_line(mn, damaged, tmp_path, options, text):
    """What was found, what is expected."""
    root = damaged("clean", 2, split="")  # so that the ratios are needed
    code, _, message = mn("build", root, "--out", tmp_path / "out", *options)

    assert (code, message.count("\n")) == (1, 1)
    assert text in message
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("place", ["/proc/none/out", "/dev/null/out"])
def test_an_unwritable_place_is_named(mn, tiny_folder, place):
    """One line, not a traceback."""
    code, _, message = mn("build", tiny_folder, "--out", place, "--split", "test")

    assert (code, message.count("\n")) == (1, 1)
    assert place in message


def test_corpora_tells_what_is_known_and_what_is_here(mn, tmp_path):
    """For people and for programs; what no recording covers is named."""
    code, text, _ = mn("corpora", "--root", tmp_path)
    assert code == 0
    assert "open: " in text
    assert "not covered by recordings: harp, cello, chinese_lute, trumpet, chinese_zither" in text

    found = {item["name"]: item for item in json.loads(mn("corpora", "--json")[1])["corpora"]}
    assert set(found) == {"mir1k", "mn", "open", "synthetic"}
    assert found["mn"]["num_rows"] == 1277


def test_fetch_takes_from_a_folder_and_names_what_is_missing(mn, tmp_path):
    """Without the originals there is no corpus: exit 1, by row; a wrong licence is a wrong word."""
    code, text, _ = mn("fetch", "open", "--root", tmp_path / "a", "--from", tmp_path)
    assert code == 1
    assert "clean/drum_kit/arovane_beat_a" in text
    assert "no such file" in text
    assert not (tmp_path / "a/open/clean.csv").exists()

    code, _, error = mn("fetch", "open", "--root", tmp_path / "a", "--license-allow", "CC-BY-5.0")
    assert (code, error.count("\n")) == (1, 1)
    assert "CC-BY-5.0" in error


def test_curate_names_what_it_rejects(mn, tmp_path):
    """One line each on stdout, and one object for programs."""
    tone = np.sin(np.arange(96_000) / 20) / 2
    (tmp_path / "raw/piano").mkdir(parents=True)
    soundfile.write(tmp_path / "raw/piano/good one.flac", tone, 48_000)
    (tmp_path / "raw/piano/bad.wav").write_text("<html>")

    code, text, _ = mn("curate", tmp_path / "raw", "--out", tmp_path / "out")
    assert code == 0
    assert "rejected: 'piano/bad.wav': an HTML page" in text
    assert "1 clips and 0 noises" in text

    found = json.loads(mn("curate", tmp_path / "raw", "--out", tmp_path / "out", "--json")[1])
    assert (found["clips"], found["converted"], len(found["rejected"])) == (1, 0, 1)
    assert mn("check", tmp_path / "out")[0] == 0


def test_split_prints_the_stated_audit_beside_its_own(mn, damaged):
    """The official split stays until --reassign; the group then stands in one split."""
    root = damaged("clean", 2, group="take 1", split="train")
    damaged("clean", 4, group="take 1", category="piano", split="test")

    text = mn("split", root)[1]
    assert text.count("group take 1 is in more than one split") == 2
    assert "splits as the tables state them: 1 leaks" in text
    found = json.loads(mn("split", root, "--reassign", "--json")[1])
    assert (len(found["stated"]), found["leaks"]) == (1, [])
    code, _, error = mn("split", root, "--ratios", 1, -1, 0)
    assert code == 1
    assert "ratios are 1.0 -1.0 0.0" in error


def test_training_mixtures_are_augmented_on_request(mn, tiny_folder, tmp_path):
    """What was done stands in the manifest; no split but train has any of it."""
    pytest.importorskip("audiomentations", reason="the extra `augment` is not installed")
    words = ("build", tiny_folder, "--out", tmp_path / "out", "--snr-db", 5, "--augment", "light")

    assert mn(*words)[0] == 0
    rows = read_manifest(tmp_path / "out")
    assert all((row["augmentation"] is None) == (row["split"] != "train") for row in rows)
    assert any(row["augmentation"] not in (None, "[]") for row in rows)


def test_a_reader_that_has_seen_enough_is_no_fault():
    """As in `mn corpora | head -1`."""
    command = f"{Path(sys.executable).parent}/mn corpora | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)  # noqa: S602 - ours

    assert (done.stdout.count("\n"), done.stderr) == (1, "")


def test_help_is_quick_and_teaches(mn):
    """Every command explains itself in under a second."""
    for command in ("build", "bench", "demo", "check", "corpora", "fetch", "curate"):
        begun = time.perf_counter()
        code, text, _ = mn(command, "--help")
        assert code == 0
        assert "Usage: mn" in text
        assert time.perf_counter() - begun < 1


def test_a_corpus_whose_folder_is_no_utf_8_is_used_like_any_other(mn, tiny_folder, tmp_path):
    """Checked, built of and verified, in such a folder too."""
    corpus = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9"))
    shutil.copytree(tiny_folder, corpus)

    assert mn("check", corpus)[0] == 0
    options = ("--split", "test", "--snr-db", "5", "--count", "1")
    assert mn("build", corpus, "--out", corpus / "built", *options)[0] == 0
    assert mn("verify", corpus / "built")[0] == 0


def test_what_the_system_refuses_is_told_in_words(mn, tmp_path):
    """A name that is too long: no number of an error, and not all of the name."""
    code, _, err = mn("check", tmp_path / ("a" * 400))

    assert code == 1
    assert "file name too long; choose a shorter one" in err
    assert "Errno" not in err
    assert len(err) < 300


def test_help_is_shown_in_a_window_without_columns(mn, monkeypatch):
    """A terminal that has no size yet says 0."""
    monkeypatch.setenv("COLUMNS", "0")

    assert "Draw recipes" in mn("draw", "--help")[1]
