"""A server that sends without end, too slowly, or nonsense, and addresses that hold secrets."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.addresses import check_address, shown
from mn_dataset.fetch.download import Unreachable, download
from mn_dataset.fetch.originals import Original, check_origin, obtain_all
from mn_dataset.fetch.published import locate
from mn_dataset.fetch.transfer import OtherBytes

CONTENT = bytes(range(256)) * 40
MOST = 1 << 20


@pytest.fixture
def mirror(serve, tmp_path):
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a.bin").write_bytes(CONTENT)
    return serve(tmp_path / "served")


@pytest.fixture
def patience(hasty):
    """A test's, which gives up below 10 kB/s over 0.3 s."""
    return replace(hasty, timeout_s=5.0, least_bytes_per_s=10_000.0, window_s=0.3)


@pytest.fixture
def get(mirror, patience, tmp_path):
    """Download a file whose hash nobody knows, of 1 MiB at most."""

    def run(**changes):
        return download(
            f"{mirror.url}/a.bin",
            sha256=None,
            folder=tmp_path / "cache",
            patience=replace(patience, **changes),
            most_bytes=MOST,
        )

    return run


@pytest.mark.parametrize("fault", ["endless", "bomb", "claim"])
def test_a_body_without_end_is_cut(get, mirror, tmp_path, fault):
    """Also one that only unpacks to it, or that announces it; the cache stays empty."""
    mirror.faults["a.bin"] = fault

    with pytest.raises(OtherBytes, match=r"a\.bin: \d+ bytes or more; .* at most 1048576; .* else"):
        get()
    assert list((tmp_path / "cache").iterdir()) == []
    assert mirror.asked["a.bin"] == 1


@pytest.mark.parametrize("fault", ["drip", "header"])
def test_a_server_that_drips_is_given_up(get, mirror, fault):
    """In its headers too; and it counts as one that does not answer."""
    mirror.faults["a.bin"] = fault

    with pytest.raises(Unreachable, match=r"too slow: \d+ bytes within 0\.3 s.*in 2 attempts"):
        get()
    assert mirror.asked["a.bin"] == 2


def test_a_server_that_drips_once_is_asked_again(get, mirror):
    """It may pass."""
    mirror.faults["a.bin"] = "drip 1"

    assert get().read_bytes() == CONTENT


def test_no_file_is_waited_for_longer_than_all_tries_may_last(get, mirror):
    """However fast it drips."""
    mirror.faults["a.bin"] = "drip"
    started = time.monotonic()

    with pytest.raises(Unreachable, match=r"until the time was up \(0\.2 s\), in 1 attempts"):
        get(longest_s=0.2, least_bytes_per_s=0.0)
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize(
    ("fault", "message"),
    [("length", "answers with Content-Length 'abc'; expected a number"), ("redirect", "be read")],
)
def test_a_header_of_nonsense_is_one_message(get, mirror, fault, message):
    """A length, or where else the file lies; the endless body of the latter is not read."""
    mirror.faults["a.bin"] = fault

    with pytest.raises(FetchError, match=rf"a\.bin: .*{message}"):
        get()


@pytest.mark.parametrize("check", [check_origin, locate.check_origin, check_address])
@pytest.mark.parametrize(
    "address", ["http://[::1", "http://", "https://host:port/", "http://a:1x/"]
)
def test_an_address_that_cannot_be_read_is_one_message(check, address):
    """Before anything is asked for."""
    with pytest.raises(InputError, match=r"not an address that can be read; expected http://HOST"):
        check(address)


def test_an_unreadable_address_in_a_table_is_its_rows_fault():
    """The others are still fetched."""
    original = Original("http://[::1", "0" * 64)

    files = obtain_all([original], origin=None, step=lambda: None)

    assert "not an address" in str(files[original])


@pytest.mark.parametrize(
    "address",
    [
        "http://anna:hush@127.0.0.1:9/m",
        "http://127.0.0.1:9/m?token=hush",
        "http://127.0.0.1:9/m#hush",
        "http://anna:hu/hush@127.0.0.1/m",
        "ftp://anna:hush@127.0.0.1/m",
    ],
)
def test_a_secret_in_an_address_is_not_shown(address):
    """Not even in one that cannot be read."""
    assert "hush" not in shown(address)
    assert "127.0.0.1" in shown(address)
