"""Files and folders are there whole, or what was there stays."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mn_dataset.errors import OutputError
from mn_dataset.files import atomic
from mn_dataset.files.atomic import (
    folder_replacement,
    is_temporary,
    remove_file,
    remove_folder,
    replacement,
    replacements,
    staging,
    sweep,
    temporary_beside,
    write_bytes,
    write_json,
    write_text,
    writing,
)

posix = pytest.mark.skipif(os.name != "posix", reason="sends signals")


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_a_file_takes_its_place_at_the_end(tmp_path):
    """Its folder is made; until then nobody sees it."""
    path = tmp_path / "new" / "table.csv"

    with replacement(path) as temporary:
        temporary.write_text("1")
        assert not path.exists()

    assert path.read_text() == "1"
    assert names(tmp_path) == {"new", "new/table.csv"}


class LibraryError(Exception):
    """What a library says that cannot write."""


def write_half(path: Path, fault: Exception) -> None:
    with replacement(path, faults=(LibraryError,)) as temporary:
        temporary.write_text("half")
        raise fault


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (OSError(errno.ENOSPC, "No space left"), "(No space left); free some space, or choose"),
        (OSError(errno.EDQUOT, "Quota exceeded"), "(Quota exceeded); free some space, or choose"),
        (OSError(errno.EACCES, "Denied"), "(Denied); open it for writing, or choose another"),
        (OSError(errno.EROFS, "Read-only"), "(Read-only); open it for writing, or choose another"),
        (OSError(errno.EIO, "Broken"), "(Broken); choose another place"),
        (OSError("its own words"), "(its own words); choose another place"),
        (LibraryError("cannot"), "(cannot); choose another place"),
        (LibraryError(), "(is the disk full?); choose another place"),
    ],
)
def test_what_was_there_outlives_a_fault(tmp_path, fault, message):
    """The file, the fault and the cure that fits it are told, and nothing half-written stays."""
    path = tmp_path / "table.csv"
    path.write_text("old")

    with pytest.raises(OutputError) as caught:
        write_half(path, fault)

    assert str(caught.value).startswith(f"{path}: cannot be written {message}")
    assert path.read_text() == "old"
    assert names(tmp_path) == {"table.csv"}


def test_the_cure_is_the_callers_where_it_knows_better(tmp_path):
    """Whatever the fault."""
    (tmp_path / "file").touch()

    with pytest.raises(OutputError, match=r"run: cannot be written \(.*\); resume the run$"):
        write_text(tmp_path / "file" / "run", "", cure="resume the run")


def test_another_fault_is_passed_on(tmp_path):
    """It is not the file's; nothing of the file stays."""
    with pytest.raises(ZeroDivisionError), replacement(tmp_path / "table.csv") as temporary:
        temporary.write_text(str(1 / 0))

    assert names(tmp_path) == set()


def test_a_source_that_is_missing_is_named_beside_the_file(tmp_path):
    """Who copies learns which of the two is at fault."""
    with pytest.raises(OutputError, match=r"to: cannot be written \(No such file.*'.*from'\)"):
        write_bytes_of(tmp_path / "from", tmp_path / "to")


def write_bytes_of(source: Path, path: Path) -> None:
    with replacement(path) as temporary:
        temporary.write_bytes(source.read_bytes())


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path):
    """And stays."""
    (tmp_path / "taken").mkdir()

    with pytest.raises(OutputError, match="taken: cannot be written"):
        write_bytes(tmp_path / "taken", b"1")

    assert names(tmp_path) == {"taken"}


def test_a_closed_folder_is_told_with_its_cure(tmp_path):
    """Open it, or go elsewhere."""
    tmp_path.chmod(0o555)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("root may write anywhere")

    with pytest.raises(OutputError, match=r"a: cannot be written .*; open it for writing, or"):
        write_bytes(tmp_path / "a", b"1")


@pytest.mark.parametrize("name", ["ä" * 127, "a" * 255, ".hidden", "with space", "a.tmp"])
def test_a_file_of_any_name_can_be_written(tmp_path, name):
    """However long: its temporary's is no longer than file systems allow."""
    write_text(tmp_path / name, "1")

    assert names(tmp_path) == {name}
    assert not is_temporary(name)


HALF = """
from mn_dataset.files.atomic import replacements
paths = [Path(sys.argv[1], name) for name in ("a", "b")]
moment = sys.argv[2]
if moment == "renaming":
    os.replace = halt
with replacements(paths) as temporaries:
    for temporary in temporaries:
        temporary.write_text("new")
    if moment == "writing":
        halt()
    if moment == "between":
        replace = os.replace
        os.replace = lambda *both: (replace(*both), halt())
"""


@posix
@pytest.mark.parametrize("moment", ["writing", "renaming"])
def test_a_kill_leaves_what_was_there(tmp_path, killed, moment):
    """While it was written and when it was about to be renamed; a sweep leaves nothing else."""
    write_text(tmp_path / "a", "old")

    killed(HALF, tmp_path, moment)
    left = {name for name in names(tmp_path) if is_temporary(name)}
    sweep(tmp_path)

    assert len(left) == 2
    assert names(tmp_path) == {"a"}
    assert (tmp_path / "a").read_text() == "old"


@posix
def test_a_kill_between_two_files_leaves_whole_ones(tmp_path, killed):
    """The first is new, the second is not there."""
    killed(HALF, tmp_path, "between")
    sweep(tmp_path)

    assert names(tmp_path) == {"a"}
    assert (tmp_path / "a").read_text() == "new"


def write_two(*paths: Path, second_below: str = "") -> None:
    with replacements(paths) as (first, second):
        first.write_text("new")
        (second / second_below).write_text("new")


def test_of_several_files_none_is_placed_where_one_cannot_be_written(tmp_path):
    """Nothing has been renamed yet."""
    (tmp_path / "a").write_text("old")

    with pytest.raises(OutputError, match="b: cannot be written"):
        write_two(tmp_path / "a", tmp_path / "b", second_below="below")

    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == {"a"}


def test_of_several_files_none_stays_where_one_cannot_be_placed(tmp_path):
    """The error names that one."""
    (tmp_path / "b").mkdir()

    with pytest.raises(OutputError, match="b: cannot be written"):
        write_two(tmp_path / "a", tmp_path / "b")

    assert names(tmp_path) == {"b"}


IMPORTS = "import os, signal, sys\nfrom pathlib import Path\n"
FULL = """
import resource
from mn_dataset.errors import OutputError
from mn_dataset.files.atomic import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path(sys.argv[1]), bytes(3000))
except OutputError as error:
    print(error)
"""


@posix
def test_a_disk_that_fills_while_a_file_is_written_leaves_the_old_one(tmp_path):
    """The system takes a part of it, and then nothing."""
    path = tmp_path / "a"
    path.write_text("old")

    command = [sys.executable, "-c", IMPORTS + FULL, path]
    message = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert message.startswith(f"{path}: cannot be written (File too large)")
    assert names(tmp_path) == {"a"}
    assert path.read_text() == "old"


def test_a_folder_takes_the_place_of_another_whole(tmp_path):
    """Nothing of the old one stays in it or beside it."""
    path = tmp_path / "made" / "shard"
    for content in ("old", "new"):
        with folder_replacement(path) as temporary:
            (temporary / "sub").mkdir()
            (temporary / "sub" / content).write_text(content)

    assert names(tmp_path) == {"made", "made/shard", "made/shard/sub", "made/shard/sub/new"}


def write_half_a_folder(path: Path, fault: Exception) -> None:
    with folder_replacement(path) as temporary:
        (temporary / "new").touch()
        raise fault


def test_a_folder_outlives_a_fault(tmp_path):
    """Of the disk, or of anybody else."""
    (tmp_path / "shard").mkdir()
    (tmp_path / "shard" / "old").touch()

    for fault, kind in ((OSError(28, "full"), OutputError), (ValueError("no"), ValueError)):
        with pytest.raises(kind):
            write_half_a_folder(tmp_path / "shard", fault)

    assert names(tmp_path) == {"shard", "shard/old"}


def test_a_folder_that_cannot_be_placed_brings_the_old_one_back(tmp_path, monkeypatch):
    """It had been moved away."""
    (tmp_path / "shard").mkdir()
    (tmp_path / "shard" / "old").touch()
    replace = os.replace
    moves = []

    def second_fails(source, target):
        moves.append(target)
        if len(moves) == 2:
            raise OSError(errno.EIO, "Broken")
        replace(source, target)

    monkeypatch.setattr(os, "replace", second_fails)
    with (
        pytest.raises(OutputError, match="shard: cannot be written"),
        folder_replacement(tmp_path / "shard") as temporary,
    ):
        (temporary / "new").touch()

    assert names(tmp_path) == {"shard", "shard/old"}


def test_a_file_in_the_place_of_a_folder_is_told(tmp_path):
    """And stays."""
    (tmp_path / "shard").write_text("file")

    with (
        pytest.raises(OutputError, match="shard: cannot be written"),
        folder_replacement(tmp_path / "shard"),
    ):
        pass

    assert (tmp_path / "shard").read_text() == "file"


FOLDER = """
from mn_dataset.files import atomic
from mn_dataset.files.atomic import folder_replacement, staging
if sys.argv[2] == "removing":
    atomic.shutil.rmtree = halt
with (staging if sys.argv[2] == "staging" else folder_replacement)(Path(sys.argv[1])) as temporary:
    (temporary / "new").touch()
    if sys.argv[2] != "removing":
        halt()
"""


@posix
@pytest.mark.parametrize("moment", ["writing", "staging", "removing"])
def test_a_kill_leaves_a_whole_folder(tmp_path, killed, moment):
    """The old one, or once it is in its place the new one; a sweep takes the other away."""
    (tmp_path / "shard").mkdir()
    (tmp_path / "shard" / "old").touch()

    killed(FOLDER, tmp_path / "shard", moment)
    sweep(tmp_path)

    assert names(tmp_path) == {"shard", "shard/new" if moment == "removing" else "shard/old"}


def test_a_staging_folder_is_there_for_a_while(tmp_path):
    """In the folder that was named, which is made; with all that is in it it goes."""
    with staging(tmp_path / "cache") as folder:
        (folder / "half").touch()
        assert folder.parent == tmp_path / "cache"

    assert names(tmp_path) == {"cache"}


def test_the_same_content_is_not_written_again(tmp_path):
    """The file keeps its time; other content of the same length does not."""
    path = tmp_path / "a.txt"
    write_text(path, "é\n")
    os.utime(path, ns=(0, 0))

    write_text(path, "é\n")
    assert path.stat().st_mtime_ns == 0

    write_text(path, "è\n")
    assert path.read_bytes() == "è\n".encode()
    assert path.stat().st_mtime_ns > 0


def test_json_is_for_people(tmp_path):
    """UTF-8, indented, with a last line's end; what JSON does not know is a mistake of ours."""
    write_json(tmp_path / "a.json", {"name": "é", "list": [1]})
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a.json", float("nan"))

    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == '{\n  "name": "é",\n  "list": [\n    1\n  ]\n}\n'
    assert json.loads(text) == {"name": "é", "list": [1]}


def test_a_removed_file_takes_empty_folders_along(tmp_path):
    """Up to the one that is named; folders that hold something stay."""
    for name in ("data/a/b/c.wav", "data/a/d.wav"):
        write_text(tmp_path / name, "")

    remove_file(tmp_path / "data/a/b/c.wav", within=tmp_path / "data")
    assert names(tmp_path) == {"data", "data/a", "data/a/d.wav"}

    remove_file(tmp_path / "data/a/d.wav", within=tmp_path / "data")
    assert names(tmp_path) == {"data"}


def test_a_removed_folder_is_gone(tmp_path):
    """One that is not there is told."""
    write_text(tmp_path / "a/b", "")

    remove_folder(tmp_path / "a")
    assert names(tmp_path) == set()

    with pytest.raises(OutputError, match="a: cannot be written"):
        remove_folder(tmp_path / "a")


def test_a_sweep_leaves_what_a_living_process_writes(tmp_path, halted):
    """One that was killed and not yet reaped is no living one."""
    process = halted(HALF, tmp_path, "writing")
    sweep(tmp_path)
    living = names(tmp_path)

    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    sweep(tmp_path)

    assert len(living) == 2
    assert names(tmp_path) == set()


def test_a_sweep_leaves_what_this_process_writes_but_not_what_its_like_left(tmp_path):
    """In a container every run may have the same number."""
    left = tmp_path / f".a.mn-{os.getpid()}-999999999.tmp"
    left.touch()

    with replacement(tmp_path / "a") as temporary:
        temporary.write_text("new")
        sweep(tmp_path)

    assert names(tmp_path) == {"a"}
    assert not left.exists()


def test_a_name_that_was_left_is_not_used_again(tmp_path, monkeypatch):
    """A folder could not be made there."""
    numbers = iter([5, 6])
    monkeypatch.setattr(atomic, "_numbers", numbers)
    (tmp_path / f".a.mn-{os.getpid()}-5.tmp").mkdir()

    assert temporary_beside(tmp_path / "a").name == f".a.mn-{os.getpid()}-6.tmp"


def test_a_sweep_removes_only_temporaries_of_ours(tmp_path):
    """At any depth, or in one folder only; files of others that look alike stay."""
    for folder in ("", "a/"):
        for name in (".b.mn-4194305-0.tmp", ".b.mn-99999999999999999999-0.tmp"):
            write_text(tmp_path / folder / name, "")
        (tmp_path / folder / ".c.mn-4194305-0.tmp" / "d").mkdir(parents=True)
        for name in ("b.wav", ".keep", "b.tmp", ".b.tmp", ".b.123.tmp", "x.mn-1-0.tmp"):
            write_text(tmp_path / folder / name, "")
    kept = {"b.wav", ".keep", "b.tmp", ".b.tmp", ".b.123.tmp", "x.mn-1-0.tmp"}

    sweep(tmp_path, deep=False)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, "a"}
    assert len(list((tmp_path / "a").iterdir())) == len(kept) + 3

    sweep(tmp_path)
    sweep(tmp_path / "nowhere")
    assert {path.name for path in (tmp_path / "a").iterdir()} == kept


WRITER = """
from mn_dataset.files.atomic import folder_replacement, write_text
for number in range(150):
    write_text(Path(sys.argv[1], f"{number % 7}"), str(number) * 1000, durable=False)
    with folder_replacement(Path(sys.argv[1], f"folder-{sys.argv[2]}"), durable=False) as folder:
        (folder / "file").touch()
"""


def test_sweeps_disturb_no_writer(tmp_path):
    """Three processes write the same names while this one sweeps, and none fails."""
    command = [sys.executable, "-c", IMPORTS + WRITER, tmp_path]
    writers = [subprocess.Popen([*command, str(n)], stderr=subprocess.PIPE) for n in range(3)]
    sweeps = 0
    while any(writer.poll() is None for writer in writers):
        sweep(tmp_path)
        sweeps += 1

    assert [writer.communicate()[1] for writer in writers] == [b""] * 3
    assert sweeps > 3
    assert not [name for name in names(tmp_path) if is_temporary(name)]
    assert (tmp_path / "0").read_text() == "147" * 1000


def test_threads_write_one_file_without_disturbing_each_other(tmp_path):
    """Each has a temporary of its own, and the last one's file is whole."""
    texts = [str(number) * 5000 for number in range(8)]
    threads = [
        threading.Thread(target=write_text, args=(tmp_path / "a", text), kwargs={"durable": False})
        for text in texts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (tmp_path / "a").read_text() in texts
    assert names(tmp_path) == {"a"}


@pytest.fixture
def steps(monkeypatch):
    """What reaches the disk, and what is renamed, in order."""
    found = []
    fsync, replace = os.fsync, os.replace

    def flushed(handle):
        found.append(Path(os.readlink(f"/proc/self/fd/{handle}")).name)
        fsync(handle)

    def renamed(source, target):
        found.append(f"-> {Path(target).name}")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flushed)
    monkeypatch.setattr(os, "replace", renamed)
    return found


linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@linux
def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path, steps):
    """And the name before the call returns, unless nobody asks for it."""
    write_text(tmp_path / "a", "1")
    temporary, *rest = steps
    assert is_temporary(temporary)
    assert rest == ["-> a", tmp_path.name]

    steps.clear()
    write_text(tmp_path / "b", "1", durable=False)
    assert steps == ["-> b"]


@linux
def test_a_folder_is_on_the_disk_before_it_has_its_name(tmp_path, steps):
    """With all that is in it."""
    with folder_replacement(tmp_path / "a") as temporary:
        write_text(temporary / "sub" / "file", "1", durable=False)
        steps.clear()

    assert set(steps[:3]) == {"file", "sub", temporary.name}
    assert steps[3:] == ["-> a", tmp_path.name]


@pytest.mark.parametrize(("number", "is_told"), [(errno.EINVAL, False), (errno.EIO, True)])
def test_a_folder_that_cannot_be_flushed_is_no_fault_but_a_broken_disk_is(
    tmp_path, monkeypatch, number, is_told
):
    """Some file systems know no such thing."""

    def fail(handle):
        if Path(os.readlink(f"/proc/self/fd/{handle}")) == tmp_path:
            raise OSError(number, "no")

    if sys.platform != "linux":
        pytest.skip("reads /proc")
    monkeypatch.setattr(os, "fsync", fail)
    if is_told:
        with pytest.raises(OutputError, match="a: cannot be written"):
            write_text(tmp_path / "a", "1")
    else:
        write_text(tmp_path / "a", "1")

    assert (tmp_path / "a").read_text() == "1"


def test_errors_of_ours_pass_through(tmp_path):
    """They are told already."""
    with (
        pytest.raises(OutputError, match=r"^inner$"),
        writing(tmp_path),
        replacement(tmp_path / "a"),
    ):
        raise OutputError("inner")
