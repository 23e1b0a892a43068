"""The journal survives a kill at any byte, and says so when it cannot be trusted."""

import json
from pathlib import PurePosixPath

import pytest

from benchmarks.recordings.journal import OutputJournal, Provenance, journal_name
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

JOURNAL_NAME = journal_name("denoise")
PROVENANCE = Provenance("00ff", "wiener", "1", "float32", 1, {"strength": 1.0})


def put(out, journal, name, text):
    """Note a file and put it in place, as a run does."""
    out.mkdir(exist_ok=True)
    (out / name).write_text(text)
    journal.note(PROVENANCE, {PurePosixPath(name): file_sha256(out / name)})


def test_a_torn_line_is_cut_off_and_the_next_one_is_whole(tmp_path):
    """Wherever the kill fell, what was noted before it stands."""
    out = tmp_path / "out"
    journal = OutputJournal(out, "denoise")
    put(out, journal, "a.wav", "a")
    put(out, journal, "b.wav", "b")
    content = (out / JOURNAL_NAME).read_bytes()
    first = content.index(b"\n") + 1

    for length in range(first, len(content)):
        (out / JOURNAL_NAME).write_bytes(content[:length])
        journal = OutputJournal(out, "denoise")
        assert journal.finished([PurePosixPath("a.wav")], PROVENANCE, overwrite=False)
        assert not journal.finished([PurePosixPath("c.wav")], PROVENANCE, overwrite=False)
        put(out, journal, "b.wav", "b")

        assert (out / JOURNAL_NAME).read_bytes() == content


def test_a_kill_between_note_and_file_means_doing_it_again(tmp_path):
    """What is noted and not there is missing; nothing is refused."""
    hashes = {PurePosixPath("a.wav"): "1", PurePosixPath("a.png"): "2"}
    OutputJournal(tmp_path, "denoise").note(PROVENANCE, hashes)

    journal = OutputJournal(tmp_path, "denoise")

    assert not journal.finished([PurePosixPath("a.wav")], PROVENANCE, overwrite=False)


def test_a_kill_between_two_files_means_doing_both_again(tmp_path):
    """The one that is there is ours to replace."""
    journal = OutputJournal(tmp_path, "denoise")
    put(tmp_path, journal, "a.wav", "a")

    names = [PurePosixPath("a.wav"), PurePosixPath("a.residual.wav")]
    assert not journal.finished(names, PROVENANCE, overwrite=False)


def test_a_damaged_journal_is_named(tmp_path):
    """Somebody edited it."""
    (tmp_path / JOURNAL_NAME).write_text('{"estimate": 1}\n')

    with pytest.raises(InputError, match="damaged"):
        OutputJournal(tmp_path, "denoise")


def test_a_line_says_what_made_the_outputs(tmp_path):
    """In the words of the command, as every version has written it."""
    put(tmp_path, OutputJournal(tmp_path, "denoise"), "a.wav", "a")

    line = json.loads((tmp_path / JOURNAL_NAME).read_text())

    assert list(line) == ["estimate", "made", "files"]
    assert list(line["made"].items()) == [
        *(("recording", "00ff"), ("denoiser", "wiener"), ("revision", "1")),
        *(("precision", "float32"), ("strength", 1.0), ("version", 1)),
    ]
