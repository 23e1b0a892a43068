"""A pinned corpus: fetched, resumed, repaired, gated and filled."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace

import pytest

from mn_dataset import tables
from mn_dataset.audio.corpus import open_corpus
from mn_dataset.errors import InputError, OutputError
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


def test_a_mirror_gives_a_whole_corpus(get, order, mirror):
    """Every original once, though several rows are cut of it; the tables tell each clip's PCM."""
    account = get(origin=mirror.url)
    corpus = open_corpus(order.folder)

    assert account.complete
    assert account.has_tables
    assert account.made == len(corpus.sources) == 6
    assert set(mirror.asked.values()) == {1}
    for source in corpus.sources.values():
        assert dict(source.row.further)["pcm_sha256"] == source.entry.pcm_sha256
        assert source.entry.frames == round(float(source.row.duration_s) * 44_100)


def test_folder_mirror_and_worker_count_give_the_same_bytes(get, tmp_path, mirror):
    """Whatever way and order."""
    get()
    get(folder=tmp_path / "b" / "sample", origin=mirror.url, workers=2)

    assert tree(tmp_path / "corpora") == tree(tmp_path / "b")


def test_a_rerun_makes_nothing_and_needs_no_original(get, order, tmp_path):
    """It proves what is there by the lock, and says so in one line."""
    get()
    before = tree(tmp_path / "corpora")
    (tmp_path / "empty").mkdir()
    account = get(origin=str(tmp_path / "empty"))

    assert account.complete
    assert account.lines()[-1].startswith(
        f"{order.folder}: 6 of 6 recordings (0 made, 6 were there), 0 missing"
    )
    assert tree(tmp_path / "corpora") == before


@pytest.mark.parametrize("damage", ["flipped", "cut", "gone", "page"])
def test_a_damaged_clip_is_repaired(get, order, tmp_path, damage):
    """Only that one is made again."""
    get()
    before = tree(tmp_path / "corpora")
    path = order.folder / "clean/piano/2.wav"
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

    assert get().made == 1
    assert tree(tmp_path / "corpora") == before


def test_a_removed_corpus_is_compared_with_its_lock(get, order):
    """The lock stands beside it and survives; another decoder's samples are told apart."""
    get()
    shutil.rmtree(order.folder)
    lock = order.folder.with_name("sample.lock.csv")
    pins = read_lock(lock)
    length, first, *rest = pins["clean/piano/1"].pcm_sketch.split()
    near = " ".join([length, str(int(first) + 5), *rest])
    far = " ".join([length, str(int(first) + 10**6), *rest])
    changed = {"clean/piano/1": near, "clean/piano/2": far}
    for name, cell in changed.items():
        pins[name] = replace(pins[name], pcm_sha256="0" * 64, pcm_sketch=cell)
    write_lock(lock, pins)

    account = get()

    found = {item.id: item for item in account.items}
    assert account.counts() == {"present": 5, "missing": 0, "different": 1, "left out": 0}
    assert found["clean/piano/1"].detail == (
        "within ±1 LSB of what was pinned before: another decoder"
    )
    assert found["clean/piano/2"].status == "different"
    assert not account.has_tables
    assert not (order.folder / "clean/piano/2.wav").exists()
    # ±1 LSB is pinned anew, so the next run has nothing to do for it; different is not.
    assert get(allow_missing=True).made == 0
    assert named(order.folder) == set(found) - {"clean/piano/2"}


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
def test_rows_that_cannot_be_had_are_named(get, order, sample, mirror, case):
    """Both cuts of the one original; no table is written unless they may be missing."""
    fault, why = case
    mirror.faults[sample.place("clean/piano/1")] = fault
    account = get(origin=mirror.url)

    assert [item.id for item in account.faults] == ["clean/piano/1", "clean/piano/2"]
    assert all(why in item.detail and mirror.url in item.detail for item in account.faults)
    assert not account.complete
    assert not account.has_tables
    assert not list(order.folder.glob("*.csv"))

    allowed = get(origin=mirror.url, allow_missing=True)
    assert (allowed.complete, allowed.has_tables, allowed.made) == (False, True, 0)
    assert len(named(order.folder)) == len(open_corpus(order.folder).sources) == 4

    mirror.faults.clear()
    assert get(origin=mirror.url).made == 2
    assert len(named(order.folder)) == 6


def test_a_corpus_without_any_noise_gets_no_tables(get, sample, mirror):
    """Even when rows may be missing: nothing could be built of it."""
    for name in ("noise/weather/1", "noise/electrical/1"):
        mirror.faults[sample.place(name)] = "404"
    account = get(origin=mirror.url, allow_missing=True)

    assert not account.has_tables
    assert "there is no noise recording, and a corpus needs both" in account.lines()


def test_a_row_without_an_address_is_missing(sample, order):
    """Said so, and no crash."""
    rows = dict(sample.rows)
    rows["clean"] = [replace(rows["clean"][0], url=""), *rows["clean"][1:]]
    (fault,) = fetch_pinned(rows, order).faults

    assert fault.detail == "the table has no url and sha256 for it"


def test_the_default_gate_takes_what_may_be_redistributed(get, order):
    """The others are counted by licence and are not missing; an unknown one needs `any`."""
    account = get(license_allow=None)

    assert account.complete
    assert account.left_out == {"": 1, "CC-BY-NC-3.0": 1}
    assert named(order.folder) == FREE_ROWS
    assert "let them in with --license-allow any" in "\n".join(account.lines())


def test_a_changed_gate_changes_files_and_tables_together(get, order):
    """Narrower: files go and it is said; wider: only what is new is made."""
    get()
    narrower = get(license_allow=("free",))

    assert "2 recordings removed that the tables no longer name" in narrower.lines()
    assert {path.stem for path in order.folder.rglob("*.wav")} == {"1", "2"}
    assert not (order.folder / "clean/song").exists()
    assert named(order.folder) == FREE_ROWS
    assert get(license_allow=("free", "CC-BY-NC-3.0")).made == 1
    assert get().made == 1
    assert len(named(order.folder)) == 6


def test_a_gate_that_lets_nothing_in_is_refused(get):
    """With the licences that there are."""
    with pytest.raises(InputError, match=r"--license-allow Apache-2\.0: no recording .* CC-BY-3"):
        get(license_allow=("Apache-2.0",))


def test_another_corpus_is_not_written_over(get, order, tiny_folder):
    """A folder whose tables name other recordings stays as it is."""
    shutil.copytree(tiny_folder, order.folder)
    before = tree(order.folder)

    with pytest.raises(OutputError, match=r"clean\.csv:2: .* holds another: choose another --root"):
        get()
    assert tree(order.folder) == before


def test_what_a_killed_run_left_is_swept(get, order, tmp_path):
    """Half-written recordings and half a line of the lock."""
    get()
    before = tree(tmp_path / "corpora")
    lock = order.folder.with_name("sample.lock.csv")
    lock.write_bytes(lock.read_bytes()[:-30])
    (order.folder / "clean/piano/.9.wav.123.tmp").write_bytes(b"RIFF")
    (order.folder / "clean.csv").unlink()

    get()

    assert tree(tmp_path / "corpora") == before


def test_progress_reaches_its_end(get):
    """Originals and cuts are steps."""
    steps = []
    get(progress=lambda done, total: steps.append((done, total)))

    assert [done for done, _ in steps] == list(range(1, 9))
    assert steps[-1] == (8, 8)


@pytest.mark.parametrize("times", [4, pytest.param(20, marks=pytest.mark.stress)])
def test_killed_anywhere_and_rerun_gives_the_same_bytes(order, mirror, sample, killed, times):
    """kill -9 of the program and its processes, at random moments of a fetch from a mirror."""
    whole, other = killed(sample.rows, replace(order, origin=mirror.url), times=times)

    assert tree(whole) == tree(other)
