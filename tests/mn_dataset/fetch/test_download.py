"""One file, from a server that answers well, slowly, wrongly, late, or not at all."""

from __future__ import annotations

import hashlib
import os
import sys

import pytest

from mn_dataset.errors import FetchError, MissingExtra, OutputError
from mn_dataset.fetch.download import cache_path, download, is_page
from mn_dataset.fetch.transfer import Patience

CONTENT = bytes(range(256)) * 400


@pytest.fixture
def mirror(serve, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a b.bin").write_bytes(CONTENT)
    return serve(tmp_path / "served")


@pytest.fixture
def get(mirror, hasty, tmp_path):
    """Download the one file, expecting its true hash unless told another."""

    def run(sha256: str | None = hashlib.sha256(CONTENT).hexdigest()):
        url = f"{mirror.url}/a%20b.bin"
        return download(url, sha256=sha256, folder=tmp_path / "cache", patience=hasty)

    return run


def test_a_file_is_downloaded_once(get, mirror):
    """The second time it comes from the cache, under its hash."""
    first, second = get(), get()

    assert first == second
    assert first.read_bytes() == CONTENT
    assert first.name == f"{hashlib.sha256(CONTENT).hexdigest()}.bin"
    assert mirror.asked["a b.bin"] == 1


def test_a_file_whose_hash_nobody_knows_is_found_again_by_its_address(get, mirror):
    """And is not mixed up with a proven one."""
    assert get(None).read_bytes() == CONTENT
    assert get(None) != get()
    assert mirror.asked["a b.bin"] == 2


def test_a_damaged_copy_in_the_cache_is_replaced(get):
    """The cache is proven at each use."""
    get().write_bytes(CONTENT[:-1])

    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize("fault", ["500 1", "503 1", "429 1", "silent 1", "truncated 1", "slow"])
def test_what_passes_is_tried_again(get, mirror, fault):
    """A server's own fault, silence and a broken transfer may pass; slowness is none."""
    mirror.faults["a b.bin"] = fault

    assert get().read_bytes() == CONTENT


@pytest.mark.parametrize(
    "case",
    [
        ("500", r"the server answers 500 Internal Server Error, in 2 attempts; .* try again", 2),
        ("silent", r"no answer within 0\.5 s, in 2 attempts; .* try again later", 2),
        ("truncated", r"the transfer broke off \(.*51200.*\), in 2 attempts", 2),
        ("404", r"the server answers 404 Not Found; expected the file; it is not at this", 1),
        ("403", r"the server answers 403 Forbidden; expected the file; the server holds it", 1),
        ("flipped", r"other bytes: 102400 of them with SHA-256 \w+; expected SHA-256 \w+; it", 1),
        ("html", r"an HTML page of 58 bytes, not the file; .* open the address in a browser", 1),
    ],
)
def test_what_does_not_pass_is_one_message(get, mirror, tmp_path, case):
    """Each fault has words of its own, after the address; the cache stays empty."""
    fault, message, asked = case
    mirror.faults["a b.bin"] = fault

    with pytest.raises(FetchError, match=rf"^http://127\.0\.0\.1:\d+/a%20b\.bin: {message}"):
        get()
    assert list((tmp_path / "cache").iterdir()) == []
    assert mirror.asked["a b.bin"] == asked


def test_a_page_is_recognised_without_a_hash(get, mirror):
    """A quota page under an archive's name is no archive."""
    mirror.faults["a b.bin"] = "html"

    with pytest.raises(FetchError, match="an HTML page"):
        get(None)


def test_an_empty_answer_is_no_file(mirror, hasty, tmp_path):
    """Also when nobody knows the hash."""
    (tmp_path / "served/empty").touch()
    with pytest.raises(FetchError, match="an empty file"):
        download(f"{mirror.url}/empty", sha256=None, folder=tmp_path / "cache", patience=hasty)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://127.0.0.1:9/x", r"no connection \(.*refused.*\), in 1 attempts"),
        ("http://", r"not an address"),
    ],
)
def test_an_address_without_a_server_is_one_message(tmp_path, url, message):
    """Nobody listens on the discard port."""
    with pytest.raises(FetchError, match=message):
        download(url, sha256=None, folder=tmp_path, patience=Patience(retries=0))


def test_what_a_kill_left_behind_is_removed(get, tmp_path):
    """The transfer of a process that ended goes, that of a living one stays."""
    cache = tmp_path / "cache"
    name = cache_path("x.bin", sha256=hashlib.sha256(CONTENT).hexdigest(), folder=cache).name
    ended, living = (f".{name}.mn-{process}-0.tmp" for process in (4_194_305, os.getppid()))
    cache.mkdir()
    for temporary in (ended, living):
        (cache / temporary).write_bytes(CONTENT[:5])

    get()

    assert sorted(path.name for path in cache.iterdir()) == [living, name]


def test_a_cache_that_is_a_file_is_one_message(mirror, tmp_path):
    """The place is named."""
    (tmp_path / "cache").write_text("")
    with pytest.raises(OutputError, match=r"cache/\w+\.bin: cannot be written"):
        download(f"{mirror.url}/a%20b.bin", sha256=None, folder=tmp_path / "cache")


def test_without_pooch_the_command_that_installs_it_is_told(get, monkeypatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(MissingExtra, match=r"pip install 'mn-dataset\[fetch\]'"):
        get()


@pytest.mark.parametrize(
    ("head", "page"),
    [
        (b"\xef\xbb\xbf \n<!DOCTYPE HTML>", True),
        (b"<html>", True),
        (b"ID3\x03", False),
        (b"", False),
    ],
)
def test_a_page_is_known_by_its_first_bytes(tmp_path, head, page):
    """Whatever the name says."""
    (tmp_path / "a.zip").write_bytes(head)

    assert is_page(tmp_path / "a.zip") is page
