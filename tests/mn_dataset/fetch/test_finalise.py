"""Tables come last, agree with the files, and are written over no other corpus."""

from __future__ import annotations

import shutil

import pytest

from mn_dataset import tables
from mn_dataset.errors import InputError, OutputError
from mn_dataset.records import ROLES


def contents(folder):
    """Return every file below a folder with its bytes."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def named(folder):
    """Return the ids that the tables name."""
    paths = [(tables.table_path(folder, role), role) for role in ROLES]
    return {row.id for path, role in paths for row in tables.read_table(path, role)}


def test_a_corpus_without_any_noise_gets_no_tables(get, sample, mirror):
    """Even when rows may be missing: nothing could be built of it."""
    for name in ("noise/weather/1", "noise/electrical/1"):
        mirror.faults[sample.place(name)] = "404"
    report = get(origin=mirror.url, allow_missing=True)

    assert not report.has_tables
    assert "there is no noise recording, and a corpus needs both" in report.lines()


def test_a_changed_gate_changes_files_and_tables_together(get, fetch_request):
    """Narrower: files go and it is said; wider: only what is new is made."""
    get()
    narrower = get(license_allow=("free",))

    assert "2 recordings removed that the tables no longer name" in narrower.lines()
    assert {path.stem for path in fetch_request.folder.rglob("*.wav")} == {"1", "2"}
    assert not (fetch_request.folder / "clean/song").exists()
    assert named(fetch_request.folder) == {
        "clean/piano/1",
        "clean/piano/2",
        "noise/weather/1",
        "noise/electrical/1",
    }
    assert get(license_allow=("free", "CC-BY-NC-3.0")).num_made == 1
    assert get().num_made == 1
    assert len(named(fetch_request.folder)) == 6


def test_a_gate_that_lets_nothing_in_is_refused(get):
    """With the licences that there are."""
    with pytest.raises(InputError, match=r"license_allow is Apache-2\.0: no recording .* CC-BY-3"):
        get(license_allow=("Apache-2.0",))


def test_another_corpus_is_not_written_over(get, fetch_request, tiny_folder):
    """A folder whose tables name other recordings stays as it is."""
    shutil.copytree(tiny_folder, fetch_request.folder)
    before = contents(fetch_request.folder)

    with pytest.raises(OutputError, match=r"clean\.csv:2: .* holds another: choose another folder"):
        get()
    assert contents(fetch_request.folder) == before
