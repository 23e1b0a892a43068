"""Download one file to a cache and prove it; the one room of pooch.

A transfer goes to a folder of its own and is moved to its name only when it is proven, so the
cache never holds half a file. What may pass (no answer, a broken transfer, a server's own fault)
is tried again after a pause that doubles; what will not (no such file, other bytes, a web page) is
an error at once. Every error names the address, what was found, what was expected, and a cure.
"""

from __future__ import annotations

import hashlib
import http.client
import logging
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError, MissingExtra, OutputError

_STALE_S = 3600.0
_PAGES = (b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--")
_PASSING = (408, 425, 429)


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


PATIENT = Patience()


class Unreachable(FetchError):
    """Nobody answers at an address, however often it is tried."""


class OtherBytes(FetchError):
    """What is had is not the file that is expected."""


class _Passing(Exception):
    """A fault that may pass."""


class _Silence(_Passing):
    """Nobody answers; not only this file's fault."""


def download(url: str, *, sha256: str | None, folder: Path, patience: Patience = PATIENT) -> Path:
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
    path = cached(url, sha256=sha256, folder=folder)
    if path.is_file() and sha256 in (None, file_sha256(path)):
        return path
    for attempt in range(patience.retries + 1):
        try:
            _attempt(url, sha256, path, patience.timeout_s)
        except _Passing as fault:
            if attempt == patience.retries:
                kind = Unreachable if isinstance(fault, _Silence) else FetchError
                raise kind(
                    f"{url}: {fault}, in {attempt + 1} attempts; expected the file; try again later"
                ) from fault
            time.sleep(patience.pause_s * 2**attempt)
        else:
            break
    return path


def cached(url: str, *, sha256: str | None, folder: Path) -> Path:
    """Return where a file's copy stands in a cache: by its hash, or else by its address."""
    name = sha256 or hashlib.sha256(url.encode()).hexdigest()
    return folder / f"{name}{PurePosixPath(unquote(urlsplit(url).path)).suffix}"


def is_page(path: Path) -> bool:
    """Tell by its first bytes whether a file is a web page, whatever its name."""
    with path.open("rb") as file:
        return file.read(512).removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES)


def prove(path: Path, *, sha256: str | None, where: str) -> None:
    """Prove that a file is the one that is expected at a place.

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
    wanted = f"the file of SHA-256 {sha256}" if sha256 else "a file"
    if not size:
        raise OtherBytes(f"{where}: an empty file; expected {wanted}; get it again")
    if is_page(path):
        raise OtherBytes(
            f"{where}: an HTML page of {size} bytes, not the file; expected {wanted}; open the "
            "address in a browser to see what it says (a quota, a login, an error)"
        )
    if sha256 is not None:
        raise OtherBytes(
            f"{where}: other bytes: {size} of them with SHA-256 {file_sha256(path)}; expected "
            f"SHA-256 {sha256}; it is damaged, cut short or another version: get it elsewhere"
        )


def _attempt(url: str, sha256: str | None, path: Path, timeout_s: float) -> None:
    try:
        import pooch  # noqa: PLC0415 - an extra
        import requests  # noqa: PLC0415 - pooch's own, for the names of its errors
    except ImportError as error:
        raise MissingExtra("pooch", extra="fetch") from error

    pooch.get_logger().setLevel(logging.WARNING)
    transfer = pooch.HTTPDownloader(timeout=timeout_s, chunk_size=2**16)

    def proven(address: str, file: str, cache: object) -> None:
        transfer(address, file, cache)
        prove(Path(file), sha256=sha256, where=url)

    try:
        with _staging(path) as folder:
            known = None if sha256 is None else f"sha256:{sha256}"
            made = pooch.retrieve(url, known, fname=path.name, path=folder, downloader=proven)
            Path(made).replace(path)
    except requests.HTTPError as error:
        answer = error.response
        raise _refused(url, answer.status_code if answer is not None else 0) from error
    except requests.Timeout as error:
        raise _Silence(f"no answer within {timeout_s:g} s") from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise _Passing(f"the transfer broke off ({_short(error)})") from error
    except requests.ConnectionError as error:
        silent = "timed out" in str(error)
        found = f"no byte within {timeout_s:g} s" if silent else f"no connection ({_short(error)})"
        raise _Silence(found) from error
    except requests.RequestException as error:
        raise FetchError(f"{url}: not an address ({error}); expected http or https") from error
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); free space") from error


def _refused(url: str, status: int) -> Exception:
    answer = f"the server answers {status} {http.client.responses.get(status, '')}".rstrip()
    if status >= 500 or status in _PASSING:
        return _Passing(answer)
    cure = "it is not at this address" if status in (404, 410) else "the server holds it back"
    return FetchError(f"{url}: {answer}; expected the file; {cure}: take it from elsewhere")


def _short(error: Exception) -> str:
    """Return the innermost reason of requests' nested errors."""
    inner: object = error
    while isinstance(inner, BaseException) and inner.args:
        inner = getattr(inner, "reason", None) or inner.args[-1]
    return str(inner)


@contextmanager
def _staging(path: Path) -> Iterator[str]:
    """Make a folder for one transfer, and remove those of this file that a kill left behind."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f".{path.name}.*.tmp"):
        with suppress(FileNotFoundError):  # one of the same bytes from elsewhere has just ended
            if time.time() - stale.stat().st_mtime > _STALE_S:  # a living transfer is younger
                shutil.rmtree(stale, ignore_errors=True)
    with tempfile.TemporaryDirectory(
        prefix=f".{path.name}.", suffix=".tmp", dir=path.parent, ignore_cleanup_errors=True
    ) as folder:
        yield folder
