"""A folder is looked through once, and what could be a recording is found."""

from __future__ import annotations

import os

import pytest

from mn_dataset.audio.scan import Rejection, oddity, walk


def write(root, *names, content=b""):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def test_recordings_are_known_by_suffix_or_by_their_first_bytes(tmp_path):
    """In any case, at any depth, in the order of their names; tables stand apart."""
    write(tmp_path, "b/2.WAV", "b/1.mp3", "a.flac", "notes.txt", "b/metadata.csv")
    write(tmp_path, "take", content=b"RIFF....WAVEfmt ")
    tree = walk(tmp_path)

    assert tree.recordings == ["a.flac", "b/1.mp3", "b/2.WAV", "take"]
    assert tree.tables == ["b/metadata.csv"]
    assert tree.rejected == []


def test_what_is_hidden_is_passed_over(tmp_path):
    """Files, folders, and what a Mac leaves in archives."""
    write(tmp_path, ".a.wav", ".cache/b.wav", "__MACOSX/c.wav", "d.wav")

    assert walk(tmp_path).recordings == ["d.wav"]


def test_a_loop_of_links_ends_and_real_names_win(tmp_path):
    """A folder that two names lead to is looked into by its own."""
    write(tmp_path, "z/take.wav")
    (tmp_path / "a").symlink_to(tmp_path / "z")
    (tmp_path / "z/again").symlink_to(tmp_path)

    assert walk(tmp_path).recordings == ["z/take.wav"]


def test_an_empty_folder_with_a_recording_s_name_is_told(tmp_path):
    """It is no recording, and somebody may think so."""
    (tmp_path / "take.wav").mkdir()
    (tmp_path / "empty").mkdir()

    assert walk(tmp_path).rejected == [Rejection("take.wav", "", "a folder, not a recording")]


@pytest.mark.skipif(os.name != "posix", reason="pipes and links are POSIX's")
def test_what_is_no_regular_file_is_named(tmp_path):
    """A link that leads nowhere, a folder, a pipe, nothing, a name too long."""
    write(tmp_path, "a.wav")
    (tmp_path / "link.wav").symlink_to(tmp_path / "gone.wav")
    os.mkfifo(tmp_path / "pipe.wav")

    assert oddity(tmp_path / "a.wav") is None
    assert "leads nowhere" in oddity(tmp_path / "link.wav")
    assert "a folder" in oddity(tmp_path)
    assert "a pipe" in oddity(tmp_path / "pipe.wav")
    assert "no such file" in oddity(tmp_path / "gone.wav")
    assert "rename it" in oddity(tmp_path / ("a" * 300))


def test_a_rejection_is_one_line():
    """What, which part of it, who names it, and why."""
    plain, named = (
        Rejection("a.wav", "", "is empty"),
        Rejection("a.wav", "metadata.csv:3", "is silent", "0 to 10 s"),
    )

    assert str(plain) == "rejected: 'a.wav': is empty"
    assert str(named) == "rejected: metadata.csv:3: 'a.wav' (0 to 10 s): is silent"
