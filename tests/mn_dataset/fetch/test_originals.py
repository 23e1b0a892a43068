"""Originals come from their addresses, a mirror or a folder, and only from there."""

from __future__ import annotations

import pytest

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.originals import (
    CONNECTIONS,
    Original,
    check_origin,
    mirror_path,
    obtain,
    obtain_all,
)
from mn_dataset.fetch.transfer import Patience
from mn_dataset.records import ROLES


@pytest.fixture
def originals(sample):
    rows = [row for role in ROLES for row in sample.rows[role]]
    return list(dict.fromkeys(Original(row.url, row.sha256) for row in rows))


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://raw.githubusercontent.com/o/r/c0ffee/a%20b/%28c%29.mp3", "o/r/a%20b/%28c%29.mp3"),
        ("https://media.githubusercontent.com/media/o/r/c0ffee/d/1.wav", "o/r/d/1.wav"),
        ("https://example.org/d/1.wav", "example.org/d/1.wav"),
        ("https://raw.githubusercontent.com/short", "raw.githubusercontent.com/short"),
    ],
)
def test_a_mirror_leaves_out_the_version(url, place):
    """<owner>/<repository>/<path>, as the address encodes it."""
    assert mirror_path(url) == place


def test_a_folder_and_a_mirror_give_the_same_files(originals, sample, serve, hasty):
    """Names with blanks and parentheses included; the folder is read in place."""
    mirror = serve(sample.folder)
    there = obtain_all(originals, origin=str(sample.folder), step=lambda: None)
    served = obtain_all(originals, origin=mirror.url, patience=hasty, step=lambda: None)

    assert set(there) == set(served) == set(originals)
    for original in originals:
        assert there[original].is_relative_to(sample.folder)
        assert there[original].read_bytes() == served[original].read_bytes()


def test_every_original_is_a_step(originals, sample):
    """For the progress bar, whether it is there or not."""
    steps = []
    asked = [*originals, Original("https://example.org/none", "0" * 64)]
    obtain_all(asked, origin=str(sample.folder), step=lambda: steps.append(1))

    assert len(steps) == len(asked)


def test_what_one_place_answered_says_nothing_of_another(originals, sample, serve, hasty):
    """A mirror that lacks a file lacks it, whatever the cache holds of another mirror."""
    first, second = serve(sample.folder), serve(sample.folder)
    obtain(originals[0], origin=first.url, patience=hasty)
    second.faults[next(iter(first.asked))] = "404"

    with pytest.raises(FetchError, match="answers 404"):
        obtain(originals[0], origin=second.url, patience=hasty)
    assert obtain(originals[0], origin=f"{first.url}/", patience=hasty).is_file()
    assert sum(first.asked.values()) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"b\.wav: no such file; expected the original of https://raw\."),
        (b"", r"b\.wav: an empty file; expected the file of SHA-256"),
        (b"<html>", r"b\.wav: an HTML page of 6 bytes"),
        (b"RIFF", r"b\.wav: other bytes: 4 of them"),
    ],
)
def test_a_folder_is_proven_too(originals, tmp_path, content, message):
    """What is missing or damaged there is named, and not downloaded instead."""
    path = tmp_path / "owner/music/b.wav"
    path.parent.mkdir(parents=True)
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(FetchError, match=message):
        obtain(originals[1], origin=str(tmp_path))


def test_an_address_cannot_lead_out_of_the_folder(tmp_path):
    """Not even an encoded one."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "originals").mkdir()
    url = "https://raw.githubusercontent.com/o/r/c/%2e%2e/%2e%2e/%2e%2e/secret"
    with pytest.raises(FetchError, match="leads out of the folder"):
        obtain(Original(url, "0" * 64), origin=str(tmp_path / "originals"))


@pytest.mark.parametrize("origin", ["nowhere", "ftp://example.org"])
def test_an_origin_is_a_folder_or_an_address(origin):
    """Anything else is refused before anything is done."""
    with pytest.raises(InputError, match=r"no such folder; expected a folder or an http address"):
        check_origin(origin)


def test_a_server_that_never_answers_is_not_asked_for_ever():
    """Offline, the first few tell; nobody waits for all the others."""
    asked = [Original(f"http://127.0.0.1:9/o/{number}", "0" * 64) for number in range(40)]
    patience = Patience(retries=1, timeout_s=1.0, pause_s=0.01)
    found = obtain_all(asked, origin=None, patience=patience, step=lambda: None)
    told = [str(found[original]) for original in asked]

    assert all("no connection" in text for text in told[:CONNECTIONS])
    assert "not asked for: 127.0.0.1:9 has answered none of the last; try again" in told[-1]
