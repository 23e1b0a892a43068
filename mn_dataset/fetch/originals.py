"""Get originals from their addresses, from a mirror of them, or from a folder, and verify each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.addresses import beneath, check_address, is_address, server, shown
from mn_dataset.fetch.download import Unreachable, download, verify
from mn_dataset.fetch.transfer import DEFAULT_PATIENCE, Patience
from mn_dataset.files.cache import user_cache
from mn_dataset.workers import each

CONNECTIONS = 8
"""Originals under way at a time: enough to hide a server's latency, few enough to be polite."""

_RAW, _LFS = "raw.githubusercontent.com", "media.githubusercontent.com"


@dataclass(frozen=True)
class Original:
    """A file that clips are cut from.

    Attributes:
        url: Its stable address.
        sha256: Of the bytes at that address.
    """

    url: str
    sha256: str


def mirror_path(url: str) -> str:
    """Return the path of an original on a mirror: ``<owner>/<repository>/<path>``, still encoded.

    An address outside GitHub's file hosts is ``<host>/<path>``.

    >>> mirror_path("https://raw.githubusercontent.com/mdn/webaudio/b52c6e3/a%20b/drums.mp3")
    'mdn/webaudio/a%20b/drums.mp3'
    """
    parts = urlsplit(url)
    segments = parts.path.strip("/").split("/")
    if parts.netloc == _LFS and segments[0] == "media":
        segments = segments[1:]
    if parts.netloc in (_RAW, _LFS) and len(segments) > 3:
        owner, repository, _, *path = segments
        return "/".join([owner, repository, *path])
    return "/".join([parts.netloc, *segments])


def check_origin(origin: str | None) -> None:
    """Refuse an origin that is neither a folder nor an address.

    Raises:
        InputError: naming it.
    """
    if origin is None or Path(origin).is_dir():
        return
    if is_address(origin):
        check_address(origin)
        return
    raise InputError(
        f"origin is {shown(origin)}: no such folder; expected a folder or an http address that "
        "holds each original under <owner>/<repository>/<path>"
    )


def obtain(
    original: Original, *, origin: str | None, patience: Patience = DEFAULT_PATIENCE
) -> Path:
    """Return a verified copy of an original.

    Downloads are kept in the user's cache by hash, those of each mirror in a folder of its own:
    what a mirror answers is asked of that mirror and never of what another answered before.

    Args:
        original: The file to get.
        origin: None for its address; or a mirror's address, or a folder, and only there.
        patience: How long a server is waited for.

    Raises:
        FetchError: if it is not to be had there, or is not what it should be.
        MissingExtra: if something is to be downloaded and pooch is not installed.
    """
    if origin is None:
        folder = originals_cache("addresses")
        return download(original.url, sha256=original.sha256, folder=folder, patience=patience)
    if is_address(origin):
        url = beneath(origin, mirror_path(original.url))
        return download(url, sha256=original.sha256, folder=mirror_cache(origin), patience=patience)
    relative = PurePosixPath(unquote(mirror_path(original.url)))
    if ".." in relative.parts:
        raise FetchError(f"{original.url}: leads out of the folder {origin}; correct the table")
    path = Path(origin) / relative
    if not path.is_file():
        raise FetchError(f"{path}: no such file; expected the original of {original.url}")
    verify(path, sha256=original.sha256, where=str(path))
    return path


def obtain_all(
    originals: Iterable[Original],
    *,
    origin: str | None,
    patience: Patience = DEFAULT_PATIENCE,
    step: Callable[[], None],
) -> dict[Original, Path | FetchError]:
    """Get many originals at a time; one that cannot be had gives its error instead.

    A server that leaves as many originals in a row without an answer as are under way at a time
    is asked for no more.

    Args:
        originals: The files to get.
        origin: See ``obtain``.
        patience: How long a server is waited for.
        step: Called after each.
    """
    files: dict[Original, Path | FetchError] = {}
    unanswered: Counter[str] = Counter()
    pieces = ((original, origin, patience, unanswered) for original in originals)
    results = each(_try, pieces, workers=CONNECTIONS, ordered=False, threads=True)
    for original, file_or_error in results:
        files[original] = file_or_error
        step()
    return files


def originals_cache(name: str) -> Path:
    """Return a folder for originals in the user's cache."""
    return user_cache("originals", name)


def mirror_cache(address: str) -> Path:
    """Return the folder in the user's cache for what one mirror answers."""
    return originals_cache(hashlib.sha256(address.rstrip("/").encode()).hexdigest()[:16])


def _try(
    original: Original, origin: str | None, patience: Patience, unanswered: Counter[str]
) -> tuple[Original, Path | FetchError]:
    asked = server(origin or original.url)
    if unanswered[asked] >= CONNECTIONS:
        text = f"not asked for: {asked} has answered none of the last; try again later"
        return original, FetchError(f"{original.url}: {text}")
    try:
        path = obtain(original, origin=origin, patience=patience)
    except FetchError as error:
        is_silent = isinstance(error, Unreachable)
        unanswered[asked] = unanswered[asked] + 1 if is_silent else 0
        return original, error
    unanswered[asked] = 0
    return original, path
