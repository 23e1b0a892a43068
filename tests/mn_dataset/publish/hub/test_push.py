"""Making a push ready: what would change is said before anything is written."""

from __future__ import annotations

import io
import shutil

import pyarrow.parquet as pq
import pytest

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import DatasetError, InputError
from mn_dataset.publish.hub import Hub
from mn_dataset.publish.push import prepare

pytestmark = pytest.mark.filterwarnings(
    "ignore:Use 'content=<...>':DeprecationWarning"  # huggingface_hub's own, of its HTTP library
)

REPO = "somebody/mixtures"


def ready(published, hub, **options):
    return prepare(published, Hub(REPO, endpoint=hub.url, **options))


def local_tree(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}


def test_what_would_change_is_told_before_anything_is_written(online, published):
    """New, changed and removed files by name, and their size; strangers' files stay."""
    before = ready(published, online)

    assert online.repositories == {}
    assert online.asked["upload"] == online.asked["create"] == 0
    assert f"+ data/{next(iter((published / 'data').iterdir())).name}" in "\n".join(before.lines())
    assert before.lines()[-1].endswith(f"to {REPO} (not there yet)")

    before.send()
    files = online.repositories[REPO].branches["main"]
    files["data/test-crowd-00000-of-00009.parquet"] = b"stale"
    files["notes.txt"] = b"somebody's own"
    files["README.md"] = b"edited"
    changed = ready(published, online)
    assert changed.changes.delete == ("data/test-crowd-00000-of-00009.parquet",)
    assert set(changed.changes.replace) == {"README.md"}
    assert not changed.changes.add
    changed.send()
    assert set(online.tree(REPO)) == {*local_tree(published), "notes.txt"}


def test_other_data_need_another_version(online, published, built, tmp_path):
    """The version of the data is theirs; the same corpus hash and samples may be pushed again."""
    ready(published, online).send()
    shutil.copytree(built, tmp_path / "d")
    for name in ("recipes", "manifest", "sources"):
        table = pq.read_table(tmp_path / f"d/{name}.parquet")
        metadata = dict(table.schema.metadata) | {b"corpus_hash": b"0" * 64}
        pq.write_table(table.replace_schema_metadata(metadata), tmp_path / f"d/{name}.parquet")

    with pytest.raises(InputError, match=r"holds version 1\.0\.0 with corpus_hash"):
        ready(tmp_path / "d", online)


def test_a_dataset_is_made_ready_in_the_cache_and_cleared_after(
    online, built, monkeypatch, tmp_path
):
    """With recipes alone it is small; the card names the repository."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = prepare(built, Hub(REPO, endpoint=online.url), recipe_only=True)

    assert made.folder.is_relative_to(tmp_path / "cache")
    assert f'load_dataset("{REPO}")' in (made.folder / "README.md").read_text()
    made.send()
    assert not made.folder.exists()
    assert not [path for path in online.tree(REPO) if path.startswith("data/")]


def test_a_damaged_publication_is_not_pushed(online, published, tmp_path):
    """By the file."""
    shutil.copytree(published, tmp_path / "p")
    victim = sorted((tmp_path / "p/data").iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-1])

    with pytest.raises(DatasetError, match=rf"{victim.name}: missing or changed"):
        prepare(tmp_path / "p", Hub(REPO, endpoint=online.url))


def test_nobody_there_to_answer_pushes_nothing(mn, online, published, monkeypatch):
    """The list is told on stderr, and nothing is written until a y or --yes."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))  # no terminal
    code, _, error = mn("publish", published, "--to", REPO, "--push")

    assert code == 1
    assert "+ README.md" in error
    assert "nothing was pushed; answer y, or pass --yes" in error
    assert online.repositories == {}

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda: "n")
    assert mn("publish", published, "--to", REPO, "--push")[0] == 1
    monkeypatch.setattr("builtins.input", lambda: "y")
    assert mn("publish", published, "--to", REPO, "--push")[0] == 0
    assert online.tree(REPO) == local_tree(published)


def test_pushing_options_without_push_are_refused(mn, built, tmp_path):
    """Nothing leaves the machine by a slip."""
    code, _, error = mn("publish", built, "--to", tmp_path / "out", "--yes")

    assert code == 1
    assert "go with --push" in error
    assert not (tmp_path / "out").exists()
