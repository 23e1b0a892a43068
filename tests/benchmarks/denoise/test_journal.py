"""The ledger survives a kill at any byte, and says so when it cannot be trusted."""

from pathlib import PurePosixPath

import pytest

from benchmarks.denoise.journal import LEDGER_NAME, Ledger, Making
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

MAKING = Making("00ff", "wiener", "1", "float32", 1.0)


def put(out, ledger, name, text):
    """Note a file and put it in place, as a run does."""
    out.mkdir(exist_ok=True)
    (out / name).write_text(text)
    ledger.note(MAKING, {PurePosixPath(name): file_sha256(out / name)})


def test_a_torn_line_is_cut_off_and_the_next_one_is_whole(tmp_path):
    """Wherever the kill fell, what was noted before it stands."""
    out = tmp_path / "out"
    with Ledger(out) as ledger:
        put(out, ledger, "a.wav", "a")
        put(out, ledger, "b.wav", "b")
    content = (out / LEDGER_NAME).read_bytes()
    first = content.index(b"\n") + 1

    for length in range(first, len(content)):
        (out / LEDGER_NAME).write_bytes(content[:length])
        with Ledger(out) as ledger:
            assert ledger.finished([PurePosixPath("a.wav")], MAKING, again=False)
            assert not ledger.finished([PurePosixPath("c.wav")], MAKING, again=False)
            put(out, ledger, "b.wav", "b")

        assert (out / LEDGER_NAME).read_bytes() == content


def test_a_kill_between_note_and_file_means_doing_it_again(tmp_path):
    """What is noted and not there is missing; nothing is refused."""
    with Ledger(tmp_path) as ledger:
        ledger.note(MAKING, {PurePosixPath("a.wav"): "1", PurePosixPath("a.png"): "2"})

    with Ledger(tmp_path) as ledger:
        assert not ledger.finished([PurePosixPath("a.wav")], MAKING, again=False)


def test_a_kill_between_two_files_means_doing_both_again(tmp_path):
    """The one that is there is ours to replace."""
    with Ledger(tmp_path) as ledger:
        put(tmp_path, ledger, "a.wav", "a")

        names = [PurePosixPath("a.wav"), PurePosixPath("a.residual.wav")]
        assert not ledger.finished(names, MAKING, again=False)


def test_a_damaged_ledger_is_named(tmp_path):
    """Somebody edited it."""
    (tmp_path / LEDGER_NAME).write_text('{"estimate": 1}\n')

    with pytest.raises(InputError, match="damaged"), Ledger(tmp_path):
        pass
