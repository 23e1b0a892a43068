"""Download one file to a cache and verify it; the only module that knows pooch.

A transfer gets its name only when it is verified, so the cache never holds half a file. What may
pass (no answer, a broken transfer, a server's own fault) is tried again after a pause that doubles;
what will not (no such file, other bytes, a web page) is an error at once. Every error names the
address, what was found, what was expected, and a cure.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError, MissingExtra
from mn_dataset.files.atomic import replacement, sweep

_PAGE_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")
_TRANSIENT_STATUSES = (408, 425, 429)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for.

    Attributes:
        retries: How often a fault that may pass is tried again.
        timeout_s: Seconds without a byte after which the server counts as silent.
        pause_s: Seconds before the first retry; doubles with each.
    """

    retries: int = 3
    timeout_s: float = 30.0
    pause_s: float = 0.5


DEFAULT_PATIENCE = Patience()


class Unreachable(FetchError):
    """Nobody answers at an address, however often it is tried."""


class OtherBytes(FetchError):
    """A file is not the one that is expected."""


class _TransientFault(Exception):
    """A fault that may pass."""


class _NoAnswer(_TransientFault):
    """Nobody answers; not only this file's fault."""


def download(
    url: str, *, sha256: str | None, folder: Path, patience: Patience = DEFAULT_PATIENCE
) -> Path:
    """Return a file's copy in a cache folder, downloading it if it is not there.

    Args:
        url: An http or https address.
        sha256: Of the bytes at that address; None when nobody knows it: then any answer that is
            no web page is taken, and the copy is found again by its address.
        folder: The cache.
        patience: How long the server is waited for.

    Raises:
        FetchError: an error answer, a broken transfer, a web page, or other bytes; as
            ``Unreachable`` when there is no answer at all.
        MissingExtra: if pooch is not installed.
        OutputError: if the cache cannot be written.
    """
    path = cache_path(url, sha256=sha256, folder=folder)
    if path.is_file() and sha256 in (None, file_sha256(path)):
        return path
    sweep(folder, deep=False)
    for attempt in range(patience.retries + 1):
        try:
            # Not durable: what is in the cache is verified at each use.
            with replacement(path, durable=False) as temporary:
                _transfer(url, temporary, patience.timeout_s)
                verify(temporary, sha256=sha256, where=url)
        except _TransientFault as fault:
            if attempt == patience.retries:
                kind = Unreachable if isinstance(fault, _NoAnswer) else FetchError
                raise kind(
                    f"{url}: {fault}, in {attempt + 1} attempts; expected the file; try again later"
                ) from fault
            time.sleep(patience.pause_s * 2**attempt)
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


def _transfer(url: str, path: Path, timeout_s: float) -> None:
    """Write what an address answers to a file."""
    try:
        import pooch  # noqa: PLC0415 - an extra
        import requests  # noqa: PLC0415 - pooch's own, for the names of its errors
    except ImportError as error:
        raise MissingExtra("pooch", extra="fetch") from error

    pooch.get_logger().setLevel(logging.WARNING)
    transfer = pooch.HTTPDownloader(timeout=timeout_s, chunk_size=2**16)
    try:
        transfer(url, str(path), None)
    except requests.HTTPError as error:
        answer = error.response
        raise _status_fault(url, answer.status_code if answer is not None else 0) from error
    except requests.Timeout as error:
        raise _NoAnswer(f"no answer within {timeout_s:g} s") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise _TransientFault(f"the transfer broke off ({_innermost(error)})") from error
    except requests.ConnectionError as error:
        is_silent = "timed out" in str(error)
        reason = (
            f"no byte within {timeout_s:g} s"
            if is_silent
            else f"no connection ({_innermost(error)})"
        )
        raise _NoAnswer(reason) from error
    except requests.RequestException as error:
        raise FetchError(f"{url}: not an address ({error}); expected http or https") from error


def _status_fault(url: str, status: int) -> Exception:
    answer = f"the server answers {status} {http.client.responses.get(status, '')}".rstrip()
    if status >= 500 or status in _TRANSIENT_STATUSES:
        return _TransientFault(answer)
    cure = "it is not at this address" if status in (404, 410) else "the server holds it back"
    return FetchError(f"{url}: {answer}; expected the file; {cure}: take it from elsewhere")


def _innermost(error: Exception) -> str:
    """Return the innermost reason of requests' nested errors."""
    inner: object = error
    while isinstance(inner, BaseException) and inner.args:
        inner = getattr(inner, "reason", None) or inner.args[-1]
    return str(inner)
