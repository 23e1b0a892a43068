"""Get originals from their addresses, from a mirror of them, or from a folder, and prove each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import platformdirs

from mn_dataset.errors import FetchError, InputError
from mn_dataset.fetch.download import PATIENT, Patience, Unreachable, download, prove
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


def mirrored(url: str) -> str:
    """Return where a mirror holds an original: ``<owner>/<repository>/<path>``, still encoded.

    An address outside GitHub's file hosts is ``<host>/<path>``.

    >>> mirrored("https://raw.githubusercontent.com/mdn/webaudio/b52c6e3/a%20b/drums.mp3")
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
    if origin is None or _is_address(origin) or Path(origin).is_dir():
        return
    raise InputError(
        f"--from {origin}: no such folder; expected a folder or an http address that holds each "
        "original under <owner>/<repository>/<path>"
    )


def obtain(original: Original, *, origin: str | None, patience: Patience = PATIENT) -> Path:
    """Return a proven copy of an original.

    Downloads are kept in the user's cache by hash, each place in a folder of its own: what a
    mirror answers is asked of that mirror and never of what another place answered before.

    Args:
        original: What is wanted.
        origin: None for its address; or a mirror's address, or a folder, and only there.
        patience: How long a server is waited for.

    Raises:
        FetchError: if it is not to be had there, or is not what it should be.
        MissingExtra: if something is to be downloaded and pooch is not installed.
    """
    if origin is None:
        return download(
            original.url, sha256=original.sha256, folder=cache("addresses"), patience=patience
        )
    place = mirrored(original.url)
    if _is_address(origin):
        url = f"{origin.rstrip('/')}/{place}"
        folder = cache(hashlib.sha256(origin.rstrip("/").encode()).hexdigest()[:16])
        return download(url, sha256=original.sha256, folder=folder, patience=patience)
    relative = PurePosixPath(unquote(place))
    if ".." in relative.parts:
        raise FetchError(f"{original.url}: leads out of the folder {origin}; correct the table")
    path = Path(origin) / relative
    if not path.is_file():
        raise FetchError(f"{path}: no such file; expected the original of {original.url}")
    prove(path, sha256=original.sha256, where=str(path))
    return path


def obtain_all(
    originals: Iterable[Original],
    *,
    origin: str | None,
    patience: Patience = PATIENT,
    step: Callable[[], None],
) -> dict[Original, Path | FetchError]:
    """Get many originals at a time; one that cannot be had gives its error instead.

    A server that leaves as many originals in a row without an answer as are under way at a time
    is asked for no more.

    Args:
        originals: What is wanted.
        origin: See ``obtain``.
        patience: How long a server is waited for.
        step: Called after each.
    """
    found: dict[Original, Path | FetchError] = {}
    silence: Counter[str] = Counter()
    pieces = ((original, origin, patience, silence) for original in originals)
    answers = each(_try, pieces, workers=CONNECTIONS, ordered=False, threads=True)
    for original, answer in answers:
        found[original] = answer
        step()
    return found


def cache(name: str) -> Path:
    """Return a folder for originals in the user's cache."""
    return Path(platformdirs.user_cache_dir("mn-dataset")) / "originals" / name


def _try(
    original: Original, origin: str | None, patience: Patience, silence: Counter[str]
) -> tuple[Original, Path | FetchError]:
    server = urlsplit(origin or original.url).netloc
    if silence[server] >= CONNECTIONS:
        text = f"not asked for: {server} has answered none of the last; try again later"
        return original, FetchError(f"{original.url}: {text}")
    try:
        found = obtain(original, origin=origin, patience=patience)
    except FetchError as error:
        silence[server] = silence[server] + 1 if isinstance(error, Unreachable) else 0
        return original, error
    silence[server] = 0
    return original, found


def _is_address(origin: str) -> bool:
    return origin.startswith(("http://", "https://"))
