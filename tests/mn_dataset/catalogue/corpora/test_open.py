"""The open corpus: its tables against the facts, its clips against their namesakes."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from mn_dataset import tables
from mn_dataset.audio.io import read_pcm
from mn_dataset.catalogue.corpora.open import SPEC
from mn_dataset.catalogue.overview import describe, uncovered
from mn_dataset.check.corpus import check
from mn_dataset.fetch.lockfile import published_pin
from mn_dataset.fetch.originals import mirror_path
from mn_dataset.fetch.session import FetchRequest
from mn_dataset.licenses import redistributable
from mn_dataset.records import ROLES, SAMPLING_RATE
from mn_dataset.split.audit import leaks
from mn_dataset.tables import COLUMNS

SHARED = Path(__file__).parents[5] / "shared" / "corpus"


@pytest.fixture(scope="module")
def facts():
    if not SHARED.is_dir():
        pytest.skip("the open corpus does not lie beside the project")
    return {role: tables.read_table(SHARED / "open" / f"{role}.csv", role) for role in ROLES}


@pytest.fixture(scope="module")
def rows():
    return SPEC.rows()


@pytest.mark.parametrize("role", ROLES)
def test_the_tables_are_the_facts_that_have_an_address(facts, rows, role):
    """Cell by cell; a start may be more exact than the 0.1 ms to which the facts round it."""
    expected = [row for row in facts[role] if row.url]

    assert len(rows[role]) == len(expected) == {"clean": 36, "noise": 54}[role]
    for found, fact in zip(rows[role], expected, strict=True):
        assert found.file == f"{fact.file.removesuffix('.flac')}.wav"
        assert float(found.start_s) == pytest.approx(float(fact.start_s), abs=1e-4)
        for column in set(COLUMNS) - {"file", "start_s"}:
            assert getattr(found, column) == getattr(fact, column)
        assert dict(found.further)["origin"] == dict(fact.further)["origin"]


def test_every_row_can_be_fetched_and_proven(rows):
    """A commit-pinned address, a hash, a licence, whom to thank, a group, a split, a stretch."""
    for row in (row for role in ROLES for row in rows[role]):
        assert re.match(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/", row.url)
        assert redistributable(row.license) or row.license == "CC-BY-NC-3.0"
        assert all((row.sha256, row.attribution, row.group, row.split, row.start_s))
        assert float(row.duration_s) > 1


def test_no_group_stands_in_two_splits(rows):
    """Cuts of one recording stay together."""
    assert [leaks(rows[role]) for role in ROLES] == [[], []]


def test_what_no_addressed_recording_covers_is_known(rows):
    """Five categories altogether, and of the drums two splits."""
    assert describe(uncovered(rows)) == (
        "not covered by recordings: harp, cello, chinese_lute, trumpet, chinese_zither, "
        "drum_kit (validation, test)"
    )


@pytest.fixture(scope="module")
def fetched(facts, tmp_path_factory):
    """Everything that the originals beside the project give, from that folder."""
    folder = tmp_path_factory.mktemp("corpora") / "open"
    origin = str(SHARED / "originals")
    fetch_request = FetchRequest(
        folder, origin=origin, license_allow=("any",), allow_missing=True, workers=2
    )
    return SPEC.fetch(fetch_request)


def test_every_original_beside_the_project_becomes_its_clips(fetched, rows):
    """And only what has none is missing; where samples are published, they agree."""
    there = {
        row.id: (SHARED / "originals" / unquote(mirror_path(row.url))).is_file()
        for role in ROLES
        for row in rows[role]
    }

    assert {item.id: item.status == "present" for item in fetched.rows} == there
    assert sum(there.values()) == 71
    stated = [published_pin(row) for role in ROLES for row in rows[role] if there[row.id]]
    assert None not in stated
    assert all("the published samples" in item.detail for item in fetched.rows if there[item.id])


def test_a_clip_is_a_plain_cut_of_what_its_namesake_is_cut_from(fetched, facts):
    """The namesakes differ by a mean, 5 ms fades and one gain, so they correlate at 0.997."""
    lowest = 1.0
    for fact in (fact for role in ROLES for fact in facts[role]):
        path = fetched.corpus / f"{fact.file.removesuffix('.flac')}.wav"
        if not path.is_file():
            continue
        clip = read_pcm(path, sampling_rate=SAMPLING_RATE)
        namesake = read_pcm(SHARED / "open" / fact.file, sampling_rate=SAMPLING_RATE)
        assert abs(len(clip) - len(namesake)) <= 3  # the facts round the seconds to six digits
        length = min(len(clip), len(namesake))
        lowest = min(lowest, np.corrcoef(clip[:length], namesake[:length])[0, 1])

    assert lowest >= 0.997


def test_the_judge_finds_no_error(fetched):
    """In what was fetched; warnings are the recordings' own."""
    found = check(fetched.corpus, workers=2)

    assert [str(finding) for finding in found if finding.severity == "error"] == []


@pytest.mark.stress
def test_the_corpus_killed_twenty_times_ends_in_the_same_bytes(
    rows, facts, serve, killed, tmp_path
):
    """From a mirror of the originals, every licence, what is missing allowed."""
    mirror = serve(SHARED / "originals")
    fetch_request = FetchRequest(
        tmp_path / "open", origin=mirror.url, license_allow=("any",), allow_missing=True
    )
    whole, other = killed(rows, fetch_request, times=20)

    files = [path.relative_to(whole) for path in whole.rglob("*") if path.is_file()]
    assert len(files) == 71 + 2 + 1  # clips, tables, lock
    assert sorted(files) == sorted(p.relative_to(other) for p in other.rglob("*") if p.is_file())
    for file in files:
        assert (whole / file).read_bytes() == (other / file).read_bytes()
