"""A publication's folder: resumed, cleared of others, and one command's at a time."""

from __future__ import annotations

import os
import re

import pyarrow.parquet as pq
import pytest

from mn_dataset.errors import DatasetError, InputError
from mn_dataset.files.lock import LOCK_NAME
from mn_dataset.publish import layouts
from mn_dataset.publish.publication import RECORD, Tree, compare, git_hash, stored
from mn_dataset.publish.publish import publish

pytest.importorskip("datasets", reason="the extra `publish` is not installed")


def test_files_are_new_changed_removed_or_there_already(published):
    """Large files by SHA-256, small ones by git's hash; strangers' files are left alone."""
    record = stored(published)
    (large, small, changed, *rest) = sorted(record.files)
    tree = Tree(
        "head",
        {
            large: record.files[large].sha256,
            small: git_hash((published / small).read_bytes()),
            changed: "0" * 40,
            "data/older.parquet": "1" * 64,
            "notes.txt": "2" * 40,
        },
    )
    changes = compare(published, record, tree)

    assert set(changes.same) == {large, small}
    assert set(changes.replace) == {changed}
    assert set(changes.add) == {*rest, RECORD}
    assert changes.delete == ("data/older.parquet",)
    assert not changes.empty
    assert changes.lines()[-1].startswith(f"{len(rest) + 1} new, 1 changed, 1 removed, 2 there")


pytest.importorskip("datasets", reason="the extra `publish` is not installed")

WRITE = "mn_dataset.publish.layouts.write"

HOLDER = """
from mn_dataset.commands import terminal
from mn_dataset.commands.app import app
from mn_dataset.commands import publications
from mn_dataset.publish import figures

figures.draw = halt
terminal.run(app, ["publish", sys.argv[1], "--to", sys.argv[2], "--workers", "1"])
"""
"""`mn publish`, which stops when all shards are written."""


def test_a_stopped_publication_is_resumed(built, tmp_path, monkeypatch):
    """What was finished is not written again; the end is the same."""
    publish(built, tmp_path / "whole")
    written = []
    real = layouts.write

    def stops(out, shard, **options):
        if len(written) == 6:
            raise KeyboardInterrupt
        written.append(shard.path)
        return real(out, shard, **options)

    monkeypatch.setattr(WRITE, stops)
    with pytest.raises(KeyboardInterrupt):
        publish(built, tmp_path / "out")
    assert not (tmp_path / "out/publication.json").exists()
    first = list(written)
    (tmp_path / "out" / first[0]).write_bytes(b"damaged meanwhile")

    monkeypatch.setattr(
        WRITE,
        lambda out, shard, **options: written.append(shard.path) or real(out, shard, **options),
    )
    publish(built, tmp_path / "out")
    assert set(written[6:]) == {shard for shard in set(written) if shard not in first[1:]}
    assert len(written) == 6 + 15 - 5
    for path in (tmp_path / "whole").rglob("*"):
        if path.is_file():
            other = tmp_path / "out" / path.relative_to(tmp_path / "whole")
            assert other.read_bytes() == path.read_bytes(), path


def test_a_publication_in_place_of_another_leaves_nothing_of_it(built, tmp_path):
    """Shards that the new one does not have are gone; a second run changes nothing."""
    publish(built, tmp_path / "out", shard_bytes=2 * 3 * 66_150)
    record = publish(built, tmp_path / "out")

    files = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert files == {*record.files, "publication.json"}
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").iterdir()}
    publish(built, tmp_path / "out")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out/data").iterdir()} == times


def test_a_folder_of_something_else_is_left_alone(built, tmp_path):
    """Refused, by name."""
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(DatasetError, match="exists and is not a publication"):
        publish(built, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_other_data_under_a_published_version_are_refused(built, tmp_path):
    """In a folder as on the Hub."""
    publish(built, tmp_path / "out", recipe_only=True)
    record = (tmp_path / "out/publication.json").read_text()
    (tmp_path / "out/publication.json").write_text(
        record.replace('"pcm_sha256": "', '"pcm_sha256": "0', 1)
    )

    with pytest.raises(InputError, match=r"holds version 1\.0\.0 with pcm_sha256"):
        publish(built, tmp_path / "out", recipe_only=True)


def test_another_format_in_place_of_one_is_written_anew(built, tmp_path):
    """Shards of the same names hold other bytes: none is taken for finished."""
    publish(built, tmp_path / "out", audio_format="flac")
    publish(built, tmp_path / "out", audio_format="wav")

    shards = sorted((tmp_path / "out/data").iterdir())
    assert len(shards) == 15
    for path in shards:
        cell = pq.read_table(path, columns=["noisy"])["noisy"][0].as_py()
        assert cell["bytes"].startswith(b"RIFF")


def test_two_processes_cannot_publish_into_one_folder(built, halted, mn, tmp_path):
    """The second is told who writes there, and leaves everything as it is."""
    out = tmp_path / "out"
    process = halted(HOLDER, built, out)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    code, text, error = mn("publish", built, "--to", out)

    assert (code, text, error.count("\n")) == (1, "", 1)
    assert re.search(
        rf"{re.escape(str(out))}: `mn publish` \(process {process.pid} on .*\) writes there now",
        error,
    )
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == before


def test_the_folder_of_a_killed_process_is_taken_over(built, published, halted, mn, tmp_path):
    """What it finished is kept, what it left of its own is gone, and the end is the same."""
    out = tmp_path / "out"
    process = halted(HOLDER, built, out)
    process.kill()
    process.wait()
    shards = {path: path.stat().st_mtime_ns for path in (out / "data").iterdir()}
    leftover = out / f"data/.test-crowd.mn-{process.pid}-0.tmp"
    leftover.write_bytes(b"half of a shard")
    assert (out / LOCK_NAME).exists()

    assert mn("publish", built, "--to", out)[0] == 0
    assert {path: path.stat().st_mtime_ns for path in (out / "data").iterdir()} == shards
    assert sorted(os.listdir(out)) == sorted(os.listdir(published))
    for name in ("manifest.parquet", "assets/distribution.png"):
        assert (out / name).read_bytes() == (published / name).read_bytes()
