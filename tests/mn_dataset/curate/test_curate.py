from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from mn_dataset import tables
from mn_dataset.check.corpus import check
from mn_dataset.curate.curate import curate
from mn_dataset.curate.outcomes import JOURNAL_NAME
from mn_dataset.errors import InputError, OutputError
from mn_dataset.seeds import generator


def stamps(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def test_the_second_run_does_nothing_and_says_so(raw, tmp_path):
    """No file is touched, whatever the number of workers."""
    first = curate(raw, tmp_path / "out", clip_s=2)
    before = stamps(tmp_path / "out")
    second = curate(raw, tmp_path / "out", clip_s=2)

    assert stamps(tmp_path / "out") == before
    assert (first.converted, second.converted, second.finished) == (13, 0, 13)
    assert "nothing to do: 13 recordings were finished" in str(second)
    assert second.rejected == first.rejected


def test_splits_that_were_assigned_stay(raw, tmp_path):
    """`mn split --in-place` writes what the source does not know; a new recording has none yet."""
    curate(raw, tmp_path / "out", clip_s=2)
    path = tmp_path / "out/clean.csv"
    before = [row.with_split("test") for row in tables.parse_table(path)]
    tables.write_table(path, before)
    shutil.copy(raw / "piano/0.wav", raw / "piano/late.wav")
    curate(raw, tmp_path / "out", clip_s=2)
    after = {row.id: row.split for row in tables.parse_table(path)}

    assert {row.id: after.pop(row.id) for row in before} == {row.id: "test" for row in before}
    assert set(after.values()) == {""}


def test_the_bytes_do_not_depend_on_the_workers(raw, tmp_path, contents):
    """One or two: the same corpus, the journal included."""
    curate(raw, tmp_path / "one", clip_s=2)
    curate(raw, tmp_path / "two", clip_s=2, workers=2)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def killed(raw, out, workers, lines):
    """Run in a process of its own and kill it when the journal has so many lines."""
    code = "import sys; from mn_dataset.curate.curate import curate\n"
    code += "if __name__ == '__main__': "
    code += "curate(sys.argv[1], sys.argv[2], clip_s=2, workers=int(sys.argv[3]))"
    command = [sys.executable, "-c", code, raw, out, workers]
    process = subprocess.Popen([str(word) for word in command], start_new_session=True)
    journal = out / JOURNAL_NAME
    while process.poll() is None:
        if journal.is_file() and journal.read_bytes().count(b"\n") >= lines:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.001)
    return process.returncode


def resumed(raw, tmp_path, contents, workers, moments):
    curate(raw, tmp_path / "straight", clip_s=2)
    out = tmp_path / "out"
    codes = [killed(raw, out, workers, lines) for lines in moments]
    assert codes[0] == -signal.SIGKILL
    assert not list(out.glob("*.csv"))  # tables come last
    report = curate(raw, out, clip_s=2, workers=workers)

    assert report.finished > 0
    assert contents(out) == contents(tmp_path / "straight")


@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_any_moment_it_ends_in_the_same_bytes(raw, tmp_path, contents, workers):
    """What is finished is not done again, and nothing half-written is left."""
    resumed(raw, tmp_path, contents, workers, [3])


@pytest.mark.stress
@pytest.mark.parametrize("workers", [1, 2])
def test_killed_at_many_moments_it_ends_in_the_same_bytes(raw, tmp_path, contents, workers):
    """Ten times in turn, at drawn moments."""
    stream = generator(0, "kill", str(workers))
    for _ in range(10):
        resumed(raw, tmp_path, contents, workers, [3 + stream.integer(8)])
        for folder in ("out", "straight"):
            shutil.rmtree(tmp_path / folder)


def test_a_clip_that_is_damaged_or_gone_is_made_again(raw, tmp_path, contents):
    """A flipped byte, a cut end, a missing file; the others are left alone."""
    out = tmp_path / "out"
    curate(raw, out, clip_s=2)
    before = contents(out)
    clips = sorted(out.glob("clean/*.wav"))
    flipped = bytearray(clips[0].read_bytes())
    flipped[1000] ^= 1
    clips[0].write_bytes(flipped)
    clips[5].write_bytes(clips[5].read_bytes()[:-100])
    clips[10].unlink()
    (out / "noise.csv").unlink()
    report = curate(raw, out, clip_s=2)

    assert contents(out) == before
    assert report.converted == 3


def test_only_what_changed_is_done(raw, tmp_path, contents, sound):
    """Another recording in its place, a new one, one that is gone with its clips."""
    out = tmp_path / "out"
    curate(raw, out, clip_s=2)
    sound(raw / "piano/0.wav", rate=32_000, seconds=3)
    sound(raw / "song/new.wav")
    (raw / "piano/1.wav").unlink()
    (raw / "piano/2.wav").touch()  # the same bytes with another date are the same recording
    report = curate(raw, out, clip_s=2)
    curate(raw, tmp_path / "fresh", clip_s=2)

    assert (report.converted, report.finished) == (2, 11)
    assert contents(out) == contents(tmp_path / "fresh")
    assert [item for item in check(out) if item.severity == "error"] == []


def test_words_are_changed_without_converting(raw, tmp_path, rows):
    """A licence said later stands in the tables; no recording is read again."""
    curate(raw, tmp_path / "out", clip_s=2)
    report = curate(raw, tmp_path / "out", clip_s=2, license="CC0-1.0")

    assert report.converted == 0
    assert {row["license"] for row in rows(tmp_path / "out", "clean")} == {"CC0-1.0"}


def test_a_folder_of_somebody_else_is_refused(raw, tmp_path, contents):
    """So is a file, and a place inside the source; an empty folder will do."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs/clean.csv").write_text("precious")
    (tmp_path / "file").write_text("precious")
    (tmp_path / "empty").mkdir()

    for place, text in (
        ("theirs", "did not make it"),
        ("file", "is a file"),
        ("raw", "must lie neither in"),
        ("raw/out", "must lie neither in"),
        (".", "must lie neither in"),
    ):
        with pytest.raises(InputError, match=text):
            curate(raw, tmp_path / place)
    assert contents(tmp_path / "theirs") == {"clean.csv": b"precious"}
    assert curate(raw, tmp_path / "empty").clips == 8


def test_a_source_of_which_nothing_is_left_leaves_nothing_behind(tmp_path):
    """The first reason is told; the exit code is the input's."""
    (tmp_path / "raw/piano").mkdir(parents=True)
    for name in "ab":
        (tmp_path / f"raw/piano/{name}.wav").write_bytes(b"<html>no</html>")

    with pytest.raises(InputError, match=r"2 rejected, the first being piano/a.wav: an HTML page"):
        curate(tmp_path / "raw", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_source_that_is_emptied_does_not_empty_the_corpus(raw, tmp_path, contents):
    """A mistake in one folder does not delete another."""
    curate(raw, tmp_path / "out", clip_s=2)
    clips = {name for name in contents(tmp_path / "out") if name.endswith(".wav")}
    for path in [*raw.rglob("*.wav"), *raw.rglob("*.flac")]:
        path.write_bytes(b"")

    with pytest.raises(InputError, match="nothing in it can be used"):
        curate(raw, tmp_path / "out", clip_s=2)
    assert {name for name in contents(tmp_path / "out") if name.endswith(".wav")} == clips


def test_a_recording_that_kills_its_process_is_rejected_for_good(raw, tmp_path, monkeypatch):
    """The run goes on without it, and the next run does not try it again."""
    with monkeypatch.context() as fatal:
        fatal.setattr(
            "mn_dataset.curate.curate.survivors",
            lambda function, pieces, **_: (
                (name, None if name == next(iter(pieces)) else function(piece))
                for name, piece in pieces.items()
            ),
        )
        report = curate(raw, tmp_path / "out", clip_s=2)
    again = curate(raw, tmp_path / "out", clip_s=2)

    assert "died or hung" in report.rejected[0].reason
    assert again.rejected == report.rejected
    assert again.converted == 0


def test_a_full_disk_is_told_and_resumed_from(raw, tmp_path, monkeypatch, contents):
    """What was done is kept."""
    curate(raw, tmp_path / "straight", clip_s=2)

    def full(path, rows):
        raise OutputError(f"{path}: cannot be written (No space left on device)")

    with monkeypatch.context() as disk:
        disk.setattr("mn_dataset.tables.write_table", full)
        with pytest.raises(OutputError, match=r"clean\.csv: cannot be written"):
            curate(raw, tmp_path / "out", clip_s=2)
    assert curate(raw, tmp_path / "out", clip_s=2).finished == 13
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")


@pytest.mark.skipif(os.name != "posix", reason="sends signals")
def test_one_process_at_a_time_curates_into_a_folder(mn, holding, raw, tmp_path, contents):
    """The second says who does, and exits 1; when that one is killed, the next one takes over."""
    curate(raw, tmp_path / "straight", clip_s=2.0)
    words = ("curate", raw, "--out", tmp_path / "out", "--clip-s", 2, "--workers", 1)
    first = holding(tmp_path / "out", *words)

    code, _, message = mn(*words)
    first.kill()
    first.wait()

    assert code == 1
    assert f"{tmp_path / 'out'}: `mn curate` (process {first.pid} on " in message
    assert message.count("\n") == 1
    assert mn(*words)[0] == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "straight")
