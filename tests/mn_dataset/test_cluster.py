from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mn_dataset.cluster import connection
from mn_dataset.cluster.fitness import fault, versions
from mn_dataset.cluster.packing import called, packed
from mn_dataset.commands.options import on_cluster
from mn_dataset.errors import InputError, MissingExtra, OutputError
from mn_dataset.workers import cores, each

ROOT = Path(__file__).parents[2]
NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Callable[[], list[int]]]]:
    """A scheduler and two workers, each in its process; their address, and the workers' numbers."""
    pytest.importorskip("distributed", reason="the package distributed is not installed")
    place = tmp_path_factory.mktemp("cluster")
    surroundings = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}

    def started(*words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "distributed.cli.dask_" + words[0], *words[1:]]
        with Path(place, f"{words[0]}.log").open("wb") as log:
            return subprocess.Popen(command, env=surroundings, cwd=place, stdout=log, stderr=log)

    known = place / "scheduler.json"
    parts = [started("scheduler", "--host=127.0.0.1", "--port=0", f"--scheduler-file={known}")]
    options = ["--nworkers=2", "--nthreads=1", "--host=127.0.0.1", "--no-dashboard"]
    parts.append(started("worker", f"--scheduler-file={known}", *options))
    try:
        address = _address(known)
        yield address, lambda: _children(parts[1].pid)
    finally:
        for part in reversed(parts):
            part.terminate()
        for part in parts:
            part.wait(timeout=30)


def _address(known: Path) -> str:
    client = pytest.importorskip("distributed").Client
    for _ in range(600):
        if known.is_file():
            break
        time.sleep(0.1)
    address = str(json.loads(known.read_text())["address"])
    with client(address, set_as_default=False) as opened:
        opened.wait_for_workers(2, timeout=60)
    return address


def _children(parent: int) -> list[int]:
    children = pytest.importorskip("psutil").Process(parent).children()
    return [child.pid for child in children if "spawn_main" in " ".join(child.cmdline())]


def first(array: np.ndarray, number: int) -> int:
    """Return what another process reads in an array."""
    return int(array[number])


def refused(number: int) -> int:
    """Refuse."""
    raise OutputError(f"{number}: full")


def once_killed(flag: Path, number: int) -> int:
    """Kill the process that this is called in, the first time."""
    if number == 5 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_cluster_answers_as_one_process_does(cluster, tmp_path):
    """In order, with large arrays, with refusals, and when a worker is killed at a piece."""
    large = np.arange(2**18)

    with connection.connected(cluster[0]) as connected:
        assert connected.workers == cores() == 2
        assert os.getpid() not in set(each(os.getpid, [()] * 4, workers=2))
        assert list(each(first, [(large, n) for n in range(9)], workers=2, together=2)) == [
            *range(9)
        ]
        with pytest.raises(OutputError, match="full"):
            list(each(refused, [(1,), (2,)], workers=2))
        answers = list(each(once_killed, [(tmp_path / "flag", n) for n in range(9)], workers=2))

    assert answers == [*range(9)]
    assert (tmp_path / "flag").exists()
    assert connection.current() is None


def test_a_scheduler_that_does_not_answer_is_one_line_within_seconds():
    """With its address."""
    pytest.importorskip("distributed", reason="the package distributed is not installed")
    began = time.monotonic()

    with (
        pytest.raises(InputError, match=rf"^{NOBODY}: no scheduler answers there"),
        connection.connected(NOBODY),
    ):
        pass

    assert time.monotonic() - began < 20


def test_what_is_no_address_is_not_tried():
    """Distributed would leave a traceback as its client is collected."""
    pytest.importorskip("distributed", reason="the package distributed is not installed")

    with pytest.raises(InputError, match="'here' is no address"), connection.connected("here"):
        pass


def test_without_distributed_its_extra_is_named(monkeypatch):
    """Before anything is tried."""
    monkeypatch.setitem(sys.modules, "distributed", None)

    with pytest.raises(MissingExtra, match=r"mn-dataset\[cluster\]"), connection.connected(NOBODY):
        pass


def test_a_process_of_other_code_is_refused_with_both_versions():
    """And one that does not see the folder."""
    other = versions() | {"mn-dataset": "0.1.9 (code 0123456789ab)"}

    text = fault(os.getcwd(), other)

    assert versions()["mn-dataset"] in text
    assert "0.1.9 (code 0123456789ab)" in text
    assert "sees no folder /nowhere" in fault("/nowhere", versions())
    assert fault(os.getcwd(), versions()) == ""


def test_large_arrays_travel_apart_from_their_call():
    """Once for many pieces, and small ones within."""
    large, small = np.zeros(2**20, np.uint8), np.zeros(8, np.uint8)

    content, *arrays = packed(len, ([large, small],))

    assert arrays == [large]
    assert len(content) < 2000
    assert called(content, *arrays) == 2


def test_a_cluster_and_a_number_of_processes_exclude_each_other():
    """Since the cluster has as many as were started."""
    with pytest.raises(InputError, match="exclude each other"), on_cluster(NOBODY, workers=2):
        pass


@pytest.mark.stress
def test_a_worker_killed_in_the_middle_changes_no_byte(cluster, real_corpus, mn, tmp_path):
    """Build, check, bench and publish of 270 mixtures give the bytes of the run in one process."""
    address, workers = cluster
    corpus, denoisers = str(real_corpus.root), "noisy,wiener"
    told = []
    for name, where in (("one", ("--workers", 1)), ("many", ("--cluster", address))):
        place = tmp_path / name
        place.mkdir()
        if name == "many":
            threading.Thread(target=_kill, args=(place / "dataset", workers), daemon=True).start()
        options = ("--split", "test", "--snr-db", 0, 5, 10, "--per-cell", 2, "--seconds", 2)
        assert mn("build", corpus, "--out", place / "dataset", *options, *where)[0] == 0
        told.append(mn("check", corpus, *where)[:2])
        run = ("--denoisers", denoisers, "--metrics", "sdr", "--out", place / "run")
        assert mn("bench", place / "dataset", *run, *where)[0] == 0
        published = ("--to", place / "published")
        assert mn("publish", place / "dataset", *published, *where)[0] == 0

    assert told[0] == told[1]
    assert len(list((tmp_path / "one" / "dataset").rglob("*.noisy.wav"))) == 270
    for part in ("dataset", "published"):
        assert _hashes(tmp_path / "one" / part) == _hashes(tmp_path / "many" / part)
    scores = [(tmp_path / name / "run" / "scores.parquet").read_bytes() for name in ("one", "many")]
    assert scores[0] == scores[1]


def _kill(folder: Path, workers: Callable[[], list[int]]) -> None:
    while len(list(folder.rglob("*.wav"))) < 60:
        time.sleep(0.05)
    os.kill(workers()[0], signal.SIGKILL)


def _hashes(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
