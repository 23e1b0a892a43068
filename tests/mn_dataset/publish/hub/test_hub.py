"""Pushing to the Hub: one commit, listed first, resumed after anything."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError, InputError
from mn_dataset.publish import publication
from mn_dataset.publish.hub import Hub
from mn_dataset.publish.push import prepare

pytestmark = pytest.mark.filterwarnings(
    "ignore:Use 'content=<...>':DeprecationWarning"  # huggingface_hub's own, of its HTTP library
)

REPO = "somebody/mixtures"
SECRET = "hf_thesecretthatappearsnowhere"  # noqa: S105 - a token of nobody


def local_tree(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): file_sha256(path) for path in paths}


def ready(published, hub, **options):
    return prepare(published, Hub(REPO, endpoint=hub.url, pause_s=0.01, **options))


def test_a_push_is_one_commit_of_the_whole_folder(online, published):
    """And a second one has nothing to do."""
    address = ready(published, online).send()

    assert online.tree(REPO) == local_tree(published)
    assert online.repositories[REPO].commits == 1
    assert address.startswith(f"{online.url}/datasets/{REPO}/commit/")
    again = ready(published, online)
    assert again.changes.empty
    again.send()
    assert online.repositories[REPO].commits == 1


def test_a_connection_that_drops_in_the_middle_is_tried_again(online, published, monkeypatch):
    """Half of a file arrives, then the whole of it."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    online.drop = 3

    ready(published, online).send()

    assert online.drop == 0
    assert online.tree(REPO) == local_tree(published)
    sizes = sum(path.stat().st_size for path in published.rglob("*.parquet"))
    assert online.bodies > sizes


def test_a_connection_that_stays_dropped_is_told_and_resumed(online, published, monkeypatch):
    """In one line; the next run sends what has not arrived."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    ready(published, online)
    online.drop = 10**6

    with pytest.raises(FetchError, match=rf"{REPO}: cannot be written, the connection was lost"):
        ready(published, online).send()
    assert online.tree(REPO) == {}
    online.drop = 0
    ready(published, online).send()
    assert online.tree(REPO) == local_tree(published)


def test_a_commit_whose_answer_is_lost_is_looked_up(online, published):
    """It was made, and is not made twice."""
    online.drop_answers = 1

    ready(published, online).send()

    assert online.repositories[REPO].commits == 1
    assert online.tree(REPO) == local_tree(published)


def test_a_private_repository_a_branch_and_a_pull_request(online, published):
    """Each where it was asked for, and nowhere else."""
    ready(published, online).send(private=True)
    repository = online.repositories[REPO]
    assert repository.private
    repository.branches["main"].clear()

    ready(published, online, revision="v2").send()
    assert online.tree(REPO, "v2") == local_tree(published)
    assert online.tree(REPO) == {}

    address = ready(published, online, create_pr=True).send()
    assert address.endswith("/discussions/1")
    assert online.tree(REPO, "refs/pr/1") == local_tree(published)
    assert online.tree(REPO) == {}
    with pytest.raises(InputError, match="leave revision away"):
        ready(published, online, create_pr=True, revision="v2")


def test_without_a_login_the_cure_is_told(online, published, monkeypatch):
    """One line: what the Hub answered, and what to do."""
    monkeypatch.setenv("HF_TOKEN", "hf_somebodyelses")

    with pytest.raises(FetchError, match=r"the Hub answered 401 .*; log in with `hf auth login`"):
        ready(published, online).send()


@pytest.mark.parametrize("name", ["no slash and blanks", "a/b/c", "-bad-/x"])
def test_a_name_that_is_no_repository_is_refused(online, published, name):
    """Before anything is asked or made."""
    with pytest.raises(InputError, match="expected OWNER/NAME"):
        prepare(published, Hub(name, endpoint=online.url))


def test_the_token_appears_in_no_log_and_no_file(online, published, monkeypatch, caplog):
    """At the most talkative level, faults included."""
    monkeypatch.setattr("time.sleep", lambda _: None)
    caplog.set_level(logging.DEBUG)
    online.drop = 2
    made = ready(published, online)
    made.send()

    assert caplog.text
    assert SECRET not in caplog.text
    assert SECRET not in "\n".join(made.lines())
    assert all(SECRET.encode() not in path.read_bytes() for path in published.rglob("*.json"))
    assert publication.stored(published) == made.record


def command(hub, *words, **more):
    program = "import sys; from benchmarks.cli import main; main()"
    environment = {name: text for name, text in os.environ.items() if not name.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": SECRET} | more
    return [sys.executable, "-c", program, *map(str, words)], environment


def wait_for(true, seconds=60.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_push_that_is_killed_twice_ends_with_the_same_tree(hub, published, tmp_path):
    """The repository shows nothing until the end; what had arrived is not sent again."""
    words, environment = command(
        hub, "publish", published, "--to", REPO, "--push", "--yes", HF_HOME=str(tmp_path / "hf")
    )
    for passing, arrived in ((3, 3), (5, 8)):
        hub.hold_after = passing
        hub.held.clear()
        with subprocess.Popen(words, env=environment, stdout=-3, stderr=-3) as process:
            assert hub.held.wait(60)
            wait_for(lambda least=arrived: len(hub.objects) >= least)  # those that passed
            process.send_signal(signal.SIGKILL)
        assert hub.tree(REPO) == {}

    hub.hold_after = None
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    assert hub.tree(REPO) == local_tree(published)
    assert hub.bodies == sum(map(len, hub.objects.values()))  # nothing came twice
    assert hub.repositories[REPO].commits == 1
    assert f"pushed: {hub.url}/datasets/{REPO}/commit/" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_dataset_is_rebuilt_from_a_repository(mn, online, built, tiny_folder, tmp_path):
    """From its tables alone; one that is not there, or has none, is told."""
    prepare(built, Hub(REPO, endpoint=online.url), recipe_only=True).send()
    code, _, error = mn("rebuild", REPO, "--corpus", tiny_folder, "--out", tmp_path / "again")

    assert (code, error) == (0, "")
    for name in ("manifest.parquet", "audio/test/000000.noisy.wav"):
        assert (tmp_path / "again" / name).read_bytes() == (built / name).read_bytes()

    words = ("--corpus", tiny_folder, "--out", tmp_path / "other")
    code, _, error = mn("rebuild", "nobody/nothing", *words)
    assert (code, error.count("\n")) == (1, 1)
    assert "nobody/nothing: cannot be read, the Hub answered 404" in error
