"""One command at a time writes into a folder, and the next is told which one does."""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mn_dataset.errors import InputError, OutputError
from mn_dataset.files import lock
from mn_dataset.files.atomic import temporary_beside
from mn_dataset.files.lock import LOCK_NAME, Owner, contents, locked, owner

posix = pytest.mark.skipif(os.name != "posix", reason="forks, or sends signals")

HOLDER = """
from mn_dataset.files.lock import locked
with locked(Path(sys.argv[1]), command="mn bench"):
    halt()
"""


def enter(folder: Path) -> None:
    with locked(folder, command="mn bench"):
        pass


def test_a_second_process_is_told_who_writes_there(tmp_path, halted):
    """Until the first has ended: its command, number, machine and time."""
    folder = tmp_path / "run"
    process = halted(HOLDER, folder)
    message = (
        f"{re.escape(str(folder))}: `mn bench` \\(process {process.pid} on "
        f"{re.escape(socket.gethostname())} since (\\d+-\\d+-\\d+ )?\\d\\d:\\d\\d\\) writes there "
        "now; wait for it, or choose another folder"
    )

    with pytest.raises(InputError, match=f"^{message}$"), locked(folder, command="mn train"):
        pass
    with pytest.raises(InputError, match=message):
        enter(folder)

    process.communicate("\n")
    enter(folder)


def test_a_lock_leaves_nothing(tmp_path):
    """Neither its file, nor a folder that was made for it."""
    with locked(tmp_path / "a" / "b", command="mn bench"):
        assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == [LOCK_NAME]
        assert contents(tmp_path / "a" / "b") == []
    assert list(tmp_path.iterdir()) == []

    with locked(tmp_path / "a" / "b", command="mn bench"):
        (tmp_path / "a" / "file").touch()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["file"]

    (tmp_path / "mine").mkdir()
    enter(tmp_path / "mine")
    assert (tmp_path / "mine").is_dir()


def test_a_folder_that_was_made_goes_after_a_fault_too(tmp_path):
    """If nothing was put into it."""
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "run", command="mn bench"):
        raise ZeroDivisionError

    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("fault", [OutputError, KeyboardInterrupt])
def test_what_ended_workers_had_begun_goes_with_a_fault(tmp_path, halted, fault):
    """What a living process writes stays, as does what was finished."""
    living = halted("halt()")
    of_living = f".b.wav.mn-{living.pid}-0.tmp"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()

    (tmp_path / "data").mkdir()
    for name in (f".a.wav.mn-{ended.pid}-0.tmp", of_living, "c.wav"):
        (tmp_path / "data" / name).touch()

    with pytest.raises(fault), locked(tmp_path, command="mn publish"):
        raise fault

    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [of_living, "c.wav"]


@posix
def test_the_lock_of_a_killed_process_is_taken_over(tmp_path, killed):
    """Its file stays until then, and says of whom it was."""
    process = killed(HOLDER, tmp_path)

    left = owner(tmp_path)
    assert left is not None
    assert (left.command, left.process) == ("mn bench", process.pid)
    assert contents(tmp_path) == []

    with locked(tmp_path, command="mn train"):
        now = owner(tmp_path)
    assert now is not None
    assert (now.command, now.process) == ("mn train", os.getpid())
    assert list(tmp_path.iterdir()) == []


@posix
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_lock_goes_however_its_owner_ends(tmp_path, halted, number):
    """By any signal."""
    process = halted(HOLDER, tmp_path)
    process.send_signal(number)
    process.communicate()

    enter(tmp_path)


def test_blocks_of_one_process_are_nested(tmp_path, halted):
    """Under any name of the folder; the outermost holds the lock until it ends."""
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "run", target_is_directory=True)
    program = f"""
from mn_dataset.files.lock import locked
run, link = Path({str(tmp_path / "run")!r}), Path({str(link)!r})
with locked(run, command="mn build"):
    with locked(link, command="mn render"):
        pass
    halt()
"""
    halted(program)

    with pytest.raises(InputError, match="`mn build`"):
        enter(tmp_path / "run")


def test_threads_of_one_process_share_its_lock(tmp_path):
    """It is released by the last of them."""
    inside, leave = threading.Event(), threading.Event()

    def work():
        with locked(tmp_path, command="mn render"):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=work)
    with locked(tmp_path, command="mn build"):
        thread.start()
        assert inside.wait(10)
    assert (tmp_path / LOCK_NAME).exists()

    leave.set()
    thread.join()
    assert list(tmp_path.iterdir()) == []


def test_other_folders_are_free(tmp_path, halted):
    """Those around it and in it too."""
    halted(HOLDER, tmp_path / "a" / "b")

    for folder in ("a", "a/b/c", "d"):
        enter(tmp_path / folder)


FORK = """
from mn_dataset.errors import InputError
from mn_dataset.files.lock import locked
folder = Path(sys.argv[1])
try:
    with locked(folder, command="mn train"):
        child = os.fork()
        if not child:
            try:
                with locked(folder, command="mn bench"):
                    Path(sys.argv[2]).write_text("entered")
            except InputError as error:
                Path(sys.argv[2]).write_text(str(error))
            if sys.argv[3] == "leaves":
                raise KeyboardInterrupt  # out of its parent's block
            print("here", flush=True)
            sys.stdin.readline()
            os._exit(0)
        if sys.argv[3] == "leaves":
            os.waitpid(child, 0)
            halt()
        else:
            import time
            time.sleep(60)
except KeyboardInterrupt:
    os._exit(0)
"""


@posix
def test_a_forked_process_neither_shares_nor_releases_the_lock(tmp_path, halted):
    """It is another process, told of its parent, which still holds the folder when it has left."""
    folder = tmp_path / "run"
    process = halted(FORK, folder, tmp_path / "answer", "leaves")

    assert f"`mn train` (process {process.pid} on" in (tmp_path / "answer").read_text()
    assert (folder / LOCK_NAME).exists()
    with pytest.raises(InputError, match=f"process {process.pid} "):
        enter(folder)


@posix
def test_a_forked_process_does_not_keep_its_killed_parents_lock(tmp_path, halted):
    """Though it lives on."""
    folder = tmp_path / "run"
    process = halted(FORK, folder, tmp_path / "answer", "stays")
    process.kill()
    process.wait()

    enter(folder)


SPAWN = """
import subprocess
from mn_dataset.files.lock import locked
with locked(Path(sys.argv[1]), command="mn render"):
    subprocess.Popen([sys.executable, "-c", "input()"], stdin=sys.stdin, stdout=subprocess.DEVNULL)
    halt()
"""


@posix
def test_a_started_program_does_not_keep_its_killed_parents_lock(tmp_path, halted):
    """Though it lives on."""
    process = halted(SPAWN, tmp_path)
    process.kill()
    process.wait()

    enter(tmp_path)


RIVAL = """
import time
from mn_dataset.errors import InputError
from mn_dataset.files.lock import locked
folder, mark = Path(sys.argv[1]), Path(sys.argv[2])
entered = 0
while entered < 30:
    try:
        with locked(folder, command="mn bench"):
            mark.touch(exist_ok=False)
            time.sleep(0.01)
            mark.unlink()
        entered += 1
    except InputError:
        pass
"""


def test_rivals_are_never_inside_together(tmp_path):
    """Though each removes the lock's file, and the folder, whenever it leaves."""
    head = "import sys\nfrom pathlib import Path\n"
    command = [sys.executable, "-c", head + RIVAL, tmp_path / "run", tmp_path / "mark"]
    rivals = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]

    assert [rival.communicate(timeout=120)[1] for rival in rivals] == [b""] * 4
    assert [path.name for path in tmp_path.rglob("*") if path.name != "run"] == []


def test_a_folder_that_was_replaced_meanwhile_keeps_its_new_owners_lock(tmp_path, halted):
    """The old one is released without touching it."""
    folder = tmp_path / "run"
    with locked(folder, command="mn bench"):
        shutil.rmtree(folder)
        halted(HOLDER, folder)

    with pytest.raises(InputError, match="`mn bench`"):
        enter(folder)


def test_a_file_that_lost_its_name_before_it_was_locked_locks_nothing(tmp_path, monkeypatch):
    """It is tried again with the file that bears the name, for a while."""
    bears = lock._bears_the_name
    answers = iter([False, False])
    monkeypatch.setattr(lock, "_bears_the_name", lambda *both: next(answers, True) and bears(*both))
    enter(tmp_path)
    assert next(answers, None) is None

    monkeypatch.setattr(lock, "_bears_the_name", lambda *both: False)
    with pytest.raises(InputError, match="another process writes there now"):
        enter(tmp_path)


def test_an_owner_that_says_nothing_is_another_process(tmp_path, halted):
    """Whatever stands in the file."""
    halted(HOLDER, tmp_path)

    for content in ("", " {", ' {"command": "mn bench"}', " []"):
        (tmp_path / LOCK_NAME).write_text(content)
        with pytest.raises(InputError, match="another process writes there now; wait for it"):
            enter(tmp_path)


def test_a_file_system_without_locks_lets_everybody_in_and_says_so(tmp_path, monkeypatch, caplog):
    """Nothing is left there."""
    fcntl = pytest.importorskip("fcntl", reason="Windows knows locks everywhere")

    def fail(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", fail)
    with locked(tmp_path, command="mn bench"), locked(tmp_path, command="mn bench"):
        pass

    assert [record.message for record in caplog.records] == [
        f"{tmp_path}: cannot be locked there; let no other command write to it"
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_locks_all_the_same(tmp_path, monkeypatch):
    """Only nobody is told whose it is."""

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "ftruncate", fail)
    with locked(tmp_path, command="mn bench"):
        assert owner(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_no_folder_can_be_is_told(tmp_path):
    """A file is there, or above it."""
    (tmp_path / "file").touch()

    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OutputError, match=r"cannot be written .*; choose another place"):
            enter(path)


def test_a_closed_folder_is_told(tmp_path):
    """With what to do; nothing is left of the attempt."""
    (tmp_path / "run").mkdir(mode=0o555)
    if os.access(tmp_path / "run", os.W_OK):
        pytest.skip("root may write anywhere")

    with pytest.raises(OutputError, match=r"cannot be written .*; open it for writing, or"):
        enter(tmp_path / "run")


def test_a_time_of_another_day_is_told_with_its_day():
    """Of today the time is enough."""
    now = datetime.now().astimezone()
    today = Owner("mn bench", 1, "here", now.isoformat())
    before = Owner("mn bench", 1, "here", (now - timedelta(days=40)).isoformat())

    assert str(today).startswith("`mn bench` (process 1 on here since ")
    assert re.search(r"since \d\d:\d\d\)$", str(today))
    assert re.search(r"since \d{4}-\d\d-\d\d \d\d:\d\d\)$", str(before))


def test_contents_are_neither_locks_nor_temporaries(tmp_path):
    """In order; a folder that is not there holds nothing, and a file is none."""
    assert contents(tmp_path / "none") == []

    for name in ("b", "a", ".hidden"):
        (tmp_path / name).touch()
    temporary_beside(tmp_path / "a").touch()
    with locked(tmp_path, command="mn bench"):
        assert [path.name for path in contents(tmp_path)] == [".hidden", "a", "b"]

    with pytest.raises(InputError, match=r"a: cannot be read as a folder \(.*\); choose another"):
        contents(tmp_path / "a")


def test_a_refusal_comes_soon(tmp_path, halted):
    """In less than two seconds, imports left aside."""
    halted(HOLDER, tmp_path)

    began = time.monotonic()
    with pytest.raises(InputError):
        enter(tmp_path)
    assert time.monotonic() - began < 2.0
