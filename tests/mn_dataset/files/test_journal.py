"""A journal loses at most its last line, however its writer ends."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mn_dataset.errors import InputError, OutputError
from mn_dataset.files.journal import Journal, append_lines, read_lines

posix = pytest.mark.skipif(os.name != "posix", reason="sends signals, and limits files")


@dataclass(frozen=True)
class Note:
    """What the tests note."""

    name: str
    number: int = 0


def notes(path: Path, header: object = None) -> Journal[Note]:
    return Journal(path, decode=lambda value: Note(**value), encode=asdict, header=header)


HEADER = {"version": 1, "options": ("a", "ü")}


@pytest.fixture(params=[None, HEADER], ids=["bare", "headed"])
def journal(request, tmp_path):
    return notes(tmp_path / "made" / "notes.jsonl", request.param)


def test_entries_come_back_in_their_order(journal):
    """The folder is made with the first; before that there are none."""
    assert list(journal.entries()) == []
    assert journal.stored_header() is None

    for number in range(3):
        journal.append(Note("ä", number))

    assert list(journal.entries()) == [Note("ä", number) for number in range(3)]
    assert len(journal.path.read_bytes().splitlines()) == 3 + (journal.header is not None)


def test_a_line_torn_at_any_byte_is_forgotten_and_written_over(journal, caplog):
    """What stands before it stays, and the next entry follows that; nobody is warned of a kill."""
    every = [Note("é" * number, number) for number in range(4)]
    for note in every:
        journal.append(note)
    content = journal.path.read_bytes()

    for length in range(len(content)):
        journal.path.write_bytes(content[:length])
        whole = content[:length].count(b"\n") - (journal.header is not None)
        before = every[: max(0, whole)]

        assert list(journal.entries()) == before
        journal.append(Note("next"))
        assert list(journal.entries()) == [*before, Note("next")]
        assert journal.stored_header() is not None
    assert not caplog.records


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    texts=st.lists(st.text(max_size=20), max_size=6),
    tail=st.binary(max_size=20).filter(lambda tail: b"\n" not in tail),
)
def test_any_text_comes_back_whatever_is_torn_off_after_it(tmp_path, texts, tail):
    """Line ends and bytes that are no UTF-8 among it."""
    journal = notes(tmp_path / "notes.jsonl", HEADER)
    journal.rewrite(map(Note, texts[:2]))
    for text in texts[2:]:
        journal.append(Note(text))
    with journal.path.open("ab") as file:
        file.write(tail)

    assert list(journal.entries()) == list(map(Note, texts))
    journal.append(Note("next"))
    assert list(journal.entries()) == [*map(Note, texts), Note("next")]


def test_a_torn_line_may_be_long(tmp_path):
    """Longer than what is looked at at a time."""
    path = tmp_path / "lines"
    for length in (2**16 - 1, 2**16, 2**16 + 1, 300_000):
        path.write_bytes(b"whole\n" + b"x" * length)
        append_lines(path, ["next"])
        assert path.read_bytes() == b"whole\nnext\n"

        path.write_bytes(b"x" * length)
        append_lines(path, ["next"])
        assert path.read_bytes() == b"next\n"


@pytest.mark.parametrize(
    "damage", [b"\0\0\0\n", b"{\n", b"\xff\n", b"[]\n", b'{"nam": "b"}\n', b"null\n", b"\n"]
)
def test_a_damaged_line_is_left_out_with_a_warning(journal, caplog, damage):
    """Of a power cut, or somebody's hand; what follows is read."""
    journal.append(Note("a"))
    with journal.path.open("ab") as file:
        file.write(damage)
    journal.append(Note("c"))

    assert list(journal.entries()) == [Note("a"), Note("c")]
    line = 2 + (journal.header is not None)
    assert f"{journal.path}:{line}: damaged (" in caplog.text


def test_entries_of_something_else_are_not_ours(tmp_path):
    """The file says what they are of, until it is written anew."""
    path = tmp_path / "notes.jsonl"
    notes(path, {"version": 1}).append(Note("theirs"))
    ours = notes(path, {"version": 2})

    assert list(ours.entries()) == []
    assert ours.stored_header() == {"version": 1}

    ours.rewrite([Note("ours")])
    assert list(ours.entries()) == [Note("ours")]
    assert ours.stored_header() == {"version": 2}


def test_a_file_whose_first_line_is_damaged_has_no_header(tmp_path):
    """And no entries that we could know to be ours."""
    path = tmp_path / "notes.jsonl"
    path.write_bytes(b'\xff\n{"name": "a"}\n')

    assert notes(path, HEADER).stored_header() is None
    assert list(notes(path, HEADER).entries()) == []


def test_a_rewritten_journal_is_the_same_however_it_grew(journal, tmp_path):
    """To the byte; and nothing else is left."""
    for number in (2, 1, 2):
        journal.append(Note("a", number))
    journal.rewrite([Note("a", 1), Note("a", 2)])
    once = notes(tmp_path / "once.jsonl", journal.header)
    once.rewrite([Note("a", 1), Note("a", 2)])

    assert journal.path.read_bytes() == once.path.read_bytes()
    assert [path.name for path in journal.path.parent.iterdir()] == ["notes.jsonl"]


def test_a_journal_that_is_done_with_is_removed(journal):
    """Once, twice."""
    journal.append(Note("a"))
    journal.remove()
    journal.remove()

    assert not journal.path.exists()
    assert list(journal.entries()) == []


ENDLESS = """
from itertools import count
from mn_dataset.files.journal import append_lines
path = Path(sys.argv[1])
append_lines(path, ["0"])
print("here", flush=True)
for number in count(1):
    append_lines(path, [str(number) * 3000])
"""


@posix
def test_a_killed_writer_leaves_all_lines_but_its_last(tmp_path, halted):
    """Whenever it is killed, and its successor goes on after them."""
    path = tmp_path / "lines"
    process = halted(ENDLESS, path)
    time.sleep(0.2)
    process.kill()
    process.wait()

    lines = list(read_lines(path))
    append_lines(path, ["next"])

    assert len(lines) > 2
    assert lines == ["0", *(str(number) * 3000 for number in range(1, len(lines)))]
    assert list(read_lines(path)) == [*lines, "next"]


FULL = """
import resource, signal, sys
from pathlib import Path
from mn_dataset.errors import OutputError
from mn_dataset.files.journal import append_lines
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    for number in range(10):
        append_lines(Path(sys.argv[1]), [str(number) * 3000])
except OutputError as error:
    print(error)
"""


@posix
def test_a_disk_that_fills_costs_the_line_that_does_not_fit(tmp_path):
    """The system takes a part of it; nothing of that stays."""
    path = tmp_path / "lines"
    command = [sys.executable, "-c", FULL, path]
    message = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert message.startswith(f"{path}: cannot be written (File too large)")
    assert path.read_bytes() == b"".join(b"%d" % number * 3000 + b"\n" for number in range(3))


def test_what_cannot_be_written_is_told_with_the_callers_cure(tmp_path):
    """And what cannot be read with ours."""
    with pytest.raises(OutputError, match=r"cannot be written \(.*\); resume the run$"):
        notes(tmp_path).append(Note("a"), cure="resume the run")
    with pytest.raises(InputError, match=r"cannot be read \(.*\); open it for reading, or remove"):
        list(notes(tmp_path).entries())
    with pytest.raises(InputError, match="cannot be read"):
        notes(tmp_path).stored_header()


def test_lines_are_on_the_disk_before_the_call_returns_where_that_is_wanted(tmp_path, monkeypatch):
    """And so is the file's name, once."""
    flushed = []
    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(handle), fsync(handle)))

    append_lines(tmp_path / "a", ["1"])
    assert len(flushed) == 0

    append_lines(tmp_path / "a", ["2"], durable=True)
    assert len(flushed) == 1

    append_lines(tmp_path / "b", ["1"], durable=True)
    assert len(flushed) == 1 + (2 if os.name == "posix" else 1)


def test_a_fault_on_the_way_to_the_disk_takes_the_line_back(tmp_path, monkeypatch):
    """It is not known to be there."""
    append_lines(tmp_path / "a", ["1"])

    def fail(handle):
        raise OSError(errno.EIO, "Broken")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="Broken"):
        append_lines(tmp_path / "a", ["2"], durable=True)

    assert list(read_lines(tmp_path / "a")) == ["1"]


def test_plain_lines_have_a_head_once(tmp_path):
    """Of a table that grows; its cells may be any text."""
    for line in ("1,é", "2,"):
        append_lines(tmp_path / "a.csv", [line], header=["number,text"])

    with (tmp_path / "a.csv").open("ab") as file:
        file.write(b"3,torn")

    assert list(read_lines(tmp_path / "a.csv")) == ["number,text", "1,é", "2,"]
    assert list(read_lines(tmp_path / "none.csv")) == []
