"""Download one file to a cache and verify it.

A transfer gets its name only when it is verified, so the cache never holds half a file. What may
pass (no answer, a broken transfer, a server's own fault) is tried again after a pause that doubles;
what will not (no such file, other bytes, a web page) is an error at once. Every error names the
address, what was found, what was expected, and a cure.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError
from mn_dataset.fetch.addresses import check_address, shown
from mn_dataset.fetch.transfer import (
    DEFAULT_PATIENCE,
    Meter,
    NoAnswer,
    OtherBytes,
    Patience,
    TransientFault,
    transfer,
)
from mn_dataset.files.atomic import replacement, sweep

MOST_BYTES = 1 << 28
"""What one recording can have, as in an archive: 25 minutes of stereo in 16 bits."""
MOST_ARCHIVE_BYTES = 1 << 35
"""What an archive of recordings can have: 108 hours of mono in 16 bits."""

_PAGE_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")


class Unreachable(FetchError):
    """Nobody answers at an address, or too slowly, however often it is tried."""


def download(
    url: str,
    *,
    sha256: str | None,
    folder: Path,
    patience: Patience = DEFAULT_PATIENCE,
    most_bytes: int = MOST_BYTES,
) -> Path:
    """Return a file's copy in a cache folder, downloading it if it is not there.

    Args:
        url: An http or https address; messages show it without passwords and tokens.
        sha256: Of the bytes at that address; None when nobody knows it: then any answer that is
            no web page is taken, and the copy is found again by its address.
        folder: The cache.
        patience: How long the server is waited for.
        most_bytes: How many bytes the file can have.

    Raises:
        FetchError: an address that cannot be read, an error answer, a broken transfer, a web page,
            too many or other bytes; as ``Unreachable`` when there is no answer in time.
        MissingExtra: if pooch is not installed.
        OutputError: if the cache cannot be written.
    """
    check_address(url)
    where = shown(url)
    path = cache_path(url, sha256=sha256, folder=folder)
    if path.is_file() and sha256 in (None, file_sha256(path)):
        return path
    sweep(folder, deep=False)
    deadline = time.monotonic() + patience.longest_s
    for attempt in range(patience.retries + 1):
        try:
            # Not durable: what is in the cache is verified at each use.
            with replacement(path, durable=False) as temporary:
                meter = Meter(where, most_bytes)
                transfer(url, temporary, meter, patience=patience, deadline=deadline)
                verify(temporary, sha256=sha256, where=where)
        except TransientFault as fault:
            pause_s = patience.pause_s * 2**attempt
            if attempt == patience.retries or time.monotonic() + pause_s >= deadline:
                kind = Unreachable if isinstance(fault, NoAnswer) else FetchError
                raise kind(
                    f"{where}: {fault}, in {attempt + 1} attempts; expected the file; "
                    "try again later"
                ) from fault
            time.sleep(pause_s)
        else:
            break
    return path


def cache_path(url: str, *, sha256: str | None, folder: Path) -> Path:
    """Return the path of a file's copy in a cache: by its hash, or else by its address."""
    name = sha256 or hashlib.sha256(url.encode()).hexdigest()
    return folder / f"{name}{PurePosixPath(unquote(urlsplit(url).path)).suffix}"


def is_page(path: Path) -> bool:
    """Tell by its first bytes whether a file is a web page, whatever its name."""
    with path.open("rb") as file:
        return (
            file.read(512)
            .removeprefix(b"\xef\xbb\xbf")
            .lstrip()
            .lower()
            .startswith(_PAGE_BEGINNINGS)
        )


def verify(path: Path, *, sha256: str | None, where: str) -> None:
    """Verify that a file is the one that is expected.

    Args:
        path: The file.
        sha256: Of its bytes; None when nobody knows it.
        where: The address or path that a person knows it by.

    Raises:
        OtherBytes: if it is empty, a web page or has other bytes, naming ``where``.
        FetchError: if it cannot be read.
    """
    try:
        if sha256 is not None and file_sha256(path) == sha256:
            return
    except OSError as error:
        raise FetchError(
            f"{where}: cannot be read ({error.strerror}); expected the file; see to its permissions"
        ) from error
    size = path.stat().st_size
    expected = f"the file of SHA-256 {sha256}" if sha256 else "a file"
    if not size:
        raise OtherBytes(f"{where}: an empty file; expected {expected}; get it again")
    if is_page(path):
        raise OtherBytes(
            f"{where}: an HTML page of {size} bytes, not the file; expected {expected}; open the "
            "address in a browser to see what it says (a quota, a login, an error)"
        )
    if sha256 is not None:
        raise OtherBytes(
            f"{where}: other bytes: {size} of them with SHA-256 {file_sha256(path)}; expected "
            f"SHA-256 {sha256}; it is damaged, cut short or another version: get it elsewhere"
        )
