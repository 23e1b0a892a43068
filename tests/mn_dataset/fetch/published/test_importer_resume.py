"""The import of the published corpus, stopped at any moment, and of all its 1235 + 42 rows."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mn_dataset import seeds, tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.fetch.published.importer import import_published
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.records import ROLES

BINAURAL, CLEAN, NOISE = "FAIR-Play", "M&N clean recordings", "M&N noise recordings"
KILLED = """
import sys
from pathlib import Path
from mn_dataset import tables
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.fetch.published.importer import import_published
origin, stand, out, workers = sys.argv[1:]
rows = {r: tables.read_table(Path(stand, "tables", f"{r}.csv"), r) for r in ("clean", "noise")}
fetch_request = FetchRequest(Path(out), origin=origin, workers=int(workers))
import_published(rows, fetch_request, drives={})
"""


def killed(origin: Path, standin: Path, out: Path, pins: int, *, workers: int = 1) -> bool:
    """Start an import and kill it, with no warning, when so many recordings are pinned."""
    command = [sys.executable, "-c", KILLED, origin, standin, out, str(workers)]
    lock = out.with_name("mn.lock.csv")
    with subprocess.Popen(command, start_new_session=True) as process:
        while process.poll() is None:
            if lock.exists() and lock.read_bytes().count(b"\n") > pins:
                os.killpg(process.pid, signal.SIGKILL)
                return process.wait() != 0
            time.sleep(0.002)
    return False


def test_killed_and_run_again_it_ends_in_the_same_bytes(take, standin, tmp_path, pack, ends):
    """At two moments; no temporary and no lost pin is left."""
    origin = tmp_path / "archives"
    origin.mkdir()
    pack(standin / BINAURAL, origin / "binaural.zip")
    pack(standin / CLEAN, origin / "clean.tar.gz")
    pack(standin / NOISE, origin / "noise.zip")
    take(standin)
    expected = ends()
    shutil.rmtree(tmp_path / "root")

    stopped = [killed(origin, standin, tmp_path / "root" / "mn", pins) for pins in (7, 25)]
    resumed = take(origin)

    assert stopped == [True, True]
    assert 0 < resumed.num_made < 40
    assert ends() == expected


@pytest.mark.stress
def test_killed_at_twenty_moments_it_ends_in_the_same_bytes(take, standin, tmp_path, pack, ends):
    """At moments drawn over the whole run."""
    origin = tmp_path / "archives"
    origin.mkdir()
    for name in (BINAURAL, CLEAN, NOISE):
        pack(standin / name, origin / f"{name}.zip")
    take(standin)
    expected = ends()
    shutil.rmtree(tmp_path / "root")
    stream = seeds.generator(0, "killed")

    for number in range(20):
        moment, out = stream.integer(40), tmp_path / "root" / "mn"
        killed(origin, standin, out, moment, workers=1 + number % 2)
        assert take(origin).complete
        assert ends() == expected
        keep = stream.integer(3)
        for path in sorted((tmp_path / "root").rglob("*.wav"))[:: keep + 1]:
            path.unlink()
        if keep == 0:
            shutil.rmtree(tmp_path / "root")


@pytest.mark.stress
@pytest.mark.parametrize("kind", ["folder", "zip", "tar.gz"])
def test_the_whole_stand_in_is_accounted_for(whole_standin, roomy, kind, pack):
    """1235 + 42 rows; the nine FAIR-Play files with the names of noises disturb nothing."""
    origin = whole_standin
    if kind != "folder":
        origin = roomy / "archives"
        origin.mkdir()
        for name in (BINAURAL, CLEAN, NOISE):
            pack(whole_standin / name, origin / f"{name}.{kind}")
    folder = whole_standin / "tables"
    rows = {role: tables.read_table(tables.table_path(folder, role), role) for role in ROLES}

    account = import_published(
        rows, FetchRequest(roomy / "mn", origin=str(origin), workers=2), drives={}
    )

    assert account.counts() == {"present": 1277, "missing": 0, "different": 0, "left out": 0}
    assert sum("proven" in item.detail for item in account.rows) == 1033
    assert len(open_corpus(roomy / "mn", workers=2).sources) == 1277
