"""A pinned corpus: fetched, resumed, repaired, gated and filled."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import pytest

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.fetch.lockfile import read_lock, write_lock
from mn_dataset.fetch.pinned import fetch_pinned
from mn_dataset.records import ROLES

FREE_ROWS = {
    "clean/piano/1",
    "clean/piano/2",
    "noise/weather/1",
    "noise/electrical/1",
}


def tree(folder):
    """Return the hash of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def table(folder, role):
    return tables.read_table(tables.table_path(folder, role), role)


def named(folder):
    return {row.id for role in ROLES for row in table(folder, role)}


def test_a_mirror_gives_a_whole_corpus(get, fetch_request, mirror):
    """Every original once, though several rows are cut of it; the tables tell each clip's PCM."""
    account = get(origin=mirror.url)
    corpus = open_corpus(fetch_request.folder)

    assert account.complete
    assert account.has_tables
    assert account.num_made == len(corpus.sources) == 6
    assert set(mirror.asked.values()) == {1}
    for source in corpus.sources.values():
        assert dict(source.row.further)["pcm_sha256"] == source.entry.pcm_sha256
        assert source.entry.frames == round(float(source.row.duration_s) * 44_100)


def test_folder_mirror_and_worker_count_give_the_same_bytes(get, tmp_path, mirror):
    """Whatever way and order."""
    get()
    get(folder=tmp_path / "b" / "sample", origin=mirror.url, workers=2)

    assert tree(tmp_path / "corpora") == tree(tmp_path / "b")


def test_a_rerun_makes_nothing_and_needs_no_original(get, fetch_request, tmp_path):
    """It proves what is there by the lock, and says so in one line."""
    get()
    before = tree(tmp_path / "corpora")
    (tmp_path / "empty").mkdir()
    account = get(origin=str(tmp_path / "empty"))

    assert account.complete
    assert account.lines()[-1].startswith(
        f"{fetch_request.folder}: 6 of 6 recordings (0 made, 6 were there), 0 missing"
    )
    assert tree(tmp_path / "corpora") == before


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "page"])
def test_a_damaged_clip_is_repaired(get, fetch_request, tmp_path, damage):
    """Only that one is made again."""
    get()
    before = tree(tmp_path / "corpora")
    path = fetch_request.folder / "clean/piano/2.wav"
    content = path.read_bytes()
    path.write_bytes(
        {
            "flipped": content[:-1] + bytes([content[-1] ^ 1]),
            "cut": content[:5000],
            "gone": b"",
            "page": b"<html>",
        }[damage]
    )
    if damage == "gone":
        path.unlink()

    assert get().num_made == 1
    assert tree(tmp_path / "corpora") == before


def test_a_removed_corpus_is_compared_with_its_lock(get, fetch_request):
    """The lock stands beside it and survives; another decoder's samples are told apart."""
    get()
    shutil.rmtree(fetch_request.folder)
    lock = fetch_request.folder.with_name("sample.lock.csv")
    pins = read_lock(lock)
    length, first, *rest = pins["clean/piano/1"].pcm_sketch.split()
    near = " ".join([length, str(int(first) + 5), *rest])
    far = " ".join([length, str(int(first) + 10**6), *rest])
    changed = {"clean/piano/1": near, "clean/piano/2": far}
    for name, cell in changed.items():
        pins[name] = replace(pins[name], pcm_sha256="0" * 64, pcm_sketch=cell)
    write_lock(lock, pins)

    account = get()

    found = {item.id: item for item in account.rows}
    assert account.counts() == {"present": 5, "missing": 0, "different": 1, "left out": 0}
    assert found["clean/piano/1"].detail == (
        "within ±1 LSB of what was pinned before: another decoder"
    )
    assert found["clean/piano/2"].status == "different"
    assert not account.has_tables
    assert not (fetch_request.folder / "clean/piano/2.wav").exists()
    # ±1 LSB is pinned anew, so the next run has nothing to do for it; different is not.
    assert get(allow_missing=True).num_made == 0
    assert named(fetch_request.folder) == set(found) - {"clean/piano/2"}


@pytest.mark.parametrize(
    "case",
    [
        ("404", "answers 404 Not Found"),
        ("500", "answers 500 Internal Server Error, in 2 attempts"),
        ("truncated", "the transfer broke off"),
        ("flipped", "other bytes"),
        ("html", "an HTML page"),
        ("silent", "no answer within"),
    ],
)
def test_rows_that_cannot_be_had_are_named(get, fetch_request, sample, mirror, case):
    """Both cuts of the one original; no table is written unless they may be missing."""
    fault, why = case
    mirror.faults[sample.place("clean/piano/1")] = fault
    account = get(origin=mirror.url)

    assert [item.id for item in account.faults] == ["clean/piano/1", "clean/piano/2"]
    assert all(why in item.detail and mirror.url in item.detail for item in account.faults)
    assert not account.complete
    assert not account.has_tables
    assert not list(fetch_request.folder.glob("*.csv"))

    allowed = get(origin=mirror.url, allow_missing=True)
    assert (allowed.complete, allowed.has_tables, allowed.num_made) == (False, True, 0)
    assert len(named(fetch_request.folder)) == len(open_corpus(fetch_request.folder).sources) == 4

    mirror.faults.clear()
    assert get(origin=mirror.url).num_made == 2
    assert len(named(fetch_request.folder)) == 6


def test_a_row_without_an_address_is_missing(sample, fetch_request):
    """Said so, and no crash."""
    rows = dict(sample.rows)
    rows["clean"] = [replace(rows["clean"][0], url=""), *rows["clean"][1:]]
    (fault,) = fetch_pinned(rows, fetch_request).faults

    assert fault.detail == "the table has no url and sha256 for it"


def test_the_default_gate_takes_what_may_be_redistributed(get, fetch_request):
    """The others are counted by licence and are not missing; an unknown one needs `any`."""
    account = get(license_allow=None)

    assert account.complete
    assert account.left_out == {"": 1, "CC-BY-NC-3.0": 1}
    assert named(fetch_request.folder) == FREE_ROWS
    assert "let them in with license_allow any" in "\n".join(account.lines())


def test_what_a_killed_run_left_is_swept(get, fetch_request, tmp_path):
    """Half-written recordings and half a line of the lock."""
    get()
    before = tree(tmp_path / "corpora")
    lock = fetch_request.folder.with_name("sample.lock.csv")
    lock.write_bytes(lock.read_bytes()[:-30])
    (fetch_request.folder / "clean/piano/.9.wav.mn-4194305-0.tmp").write_bytes(b"RIFF")
    (fetch_request.folder / "clean.csv").unlink()

    get()

    assert tree(tmp_path / "corpora") == before


def test_progress_reaches_its_end(get):
    """Originals and cuts are steps."""
    steps = []
    get(progress=lambda done, total: steps.append((done, total)))

    assert [done for done, _ in steps] == list(range(1, 9))
    assert steps[-1] == (8, 8)


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.stress)])
def test_killed_anywhere_and_rerun_gives_the_same_bytes(
    fetch_request, mirror, sample, killed, times
):
    """kill -9 of the program and its processes, at random moments of a fetch from a mirror."""
    whole, other = killed(sample.rows, replace(fetch_request, origin=mirror.url), times=times)

    assert tree(whole) == tree(other)
