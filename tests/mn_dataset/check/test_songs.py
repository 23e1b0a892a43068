"""What is wrong with the stems of a song is told by row and column."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio import io
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.check.corpus import check
from mn_dataset.errors import InputError
from mn_dataset.records import SAMPLING_RATE
from mn_dataset.tables import Row


@pytest.fixture
def root(songs_folder: Path, tmp_path: Path) -> Path:
    """A copy of the small corpus of stems."""
    return Path(shutil.copytree(songs_folder, tmp_path / "songs"))


def change(root: Path, row_id: str, **cells: str) -> None:
    path = root / "stems.csv"
    rows = tables.parse_table(path)
    changed = [Row(**{**vars(row), **cells}) if row.id == row_id else row for row in rows]
    tables.write_table(path, changed)


def rewrite(root: Path, file: str, samples: io.Pcm) -> None:
    io.write_wav(root / file, samples, sampling_rate=SAMPLING_RATE)


def found(root: Path) -> list[tuple[str, str, int | None, str | None]]:
    return [(one.severity, one.kind, one.row, one.column) for one in check(root)]


def test_a_sound_corpus_of_stems_has_no_finding(songs_folder):
    """Nothing is missed for want of clips and noises."""
    assert check(songs_folder) == []


def test_a_stem_of_another_length_is_an_error_and_opens_no_corpus(root):
    """Its song's other stems say how long it has to be."""
    samples = io.read_pcm(root / "train_one/bass.wav", sampling_rate=SAMPLING_RATE)
    rewrite(root, "train_one/bass.wav", samples[:-1])

    assert found(root) == [("error", "misaligned", 3, "file")]
    message = r"stems.csv:3: column 'file' names 'train_one/bass.wav', which has 79379 samples"
    with pytest.raises(InputError, match=message):
        open_corpus(root)


def test_a_missing_stem_is_an_error(root):
    """As any recording is."""
    (root / "train_one/bass.wav").unlink()

    assert found(root) == [("error", "missing", 3, "file")]


def test_silent_stems_are_told_and_tie_no_songs_together(root):
    """Nobody plays in them; all zeros alike are no take that two splits share."""
    silence = np.zeros(79_380, np.int16)
    for split in ("train", "test"):
        rewrite(root, f"{split}_one/bass.wav", silence)

    findings = check(root)

    assert {(one.severity, one.kind) for one in findings} == {("warning", "silent")}
    assert len(findings) == 2
    assert len(open_corpus(root).songs("test")["test_one"]) == 3


def test_a_song_in_two_splits_leaks(root):
    """Whatever the stems are, and whatever group they state."""
    change(root, "stem/train_one/bass", split="test", group="another")

    (finding,) = check(root)

    assert (finding.severity, finding.kind) == ("error", "leak")
    assert "song train_one is in more than one split" in finding.text


def test_a_stem_alone_and_a_name_twice_are_odd(root):
    """One says that stems are missing, the other which is which."""
    change(root, "stem/train_one/bass", song="solo")
    change(root, "stem/train_two/BGVOX", category="VOX1")

    assert found(root) == [
        ("warning", "alone", 3, "song"),
        ("warning", "repeated", 5, "stem"),
    ]


def test_a_clip_may_be_made_of_stems_in_its_own_split_alone(root):
    """What is mixed of a song is music twice, and a leak only between splits."""
    clip = Row(id="clean/1", file="clip.wav", category="song", license="CC0-1.0")
    vocals = io.read_pcm(root / "train_one/vocals.wav", sampling_rate=SAMPLING_RATE)
    rewrite(root, "clip.wav", vocals)
    tables.write_table(root / "noise.csv", [])

    tables.write_table(root / "clean.csv", [clip.with_split("train")])
    assert [one for one in found(root) if one[0] == "error"] == []

    tables.write_table(root / "clean.csv", [clip.with_split("test")])
    (leak,) = [one for one in check(root) if one.severity == "error"]
    assert "clean/1 (test), stem/train_one/vocals (train)" in leak.text
