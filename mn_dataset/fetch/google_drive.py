"""Download a shared file from Google Drive; the only module that knows gdown."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from mn_dataset.errors import FetchError, MissingExtra
from mn_dataset.fetch.download import MOST_ARCHIVE_BYTES, is_page
from mn_dataset.fetch.transfer import Meter, OtherBytes, Patience, watched
from mn_dataset.files.atomic import writing

Progress = Callable[[int, int], None]

_QUOTA_WORDS = ("too many users", "quota", "many accesses")
_LOGIN_WORDS = ("permission", "sign in", "request access")


def drive_url(drive_id: str) -> str:
    """Return what to open in a browser for a shared file.

    >>> drive_url("1abc")
    'https://drive.google.com/uc?id=1abc'
    """
    return f"https://drive.google.com/uc?id={drive_id}"


def download_shared(
    url: str, path: Path, *, patience: Patience, progress: Progress | None = None
) -> Path:
    """Download a shared file, going on where an earlier try broke off.

    Args:
        url: See ``drive_url``.
        path: Where it goes; nothing is done when it is there.
        patience: How long the drive is waited for.
        progress: Called with (done, all) bytes.

    Raises:
        FetchError: if the drive answers with a page (a quota, a login), too slowly, with too much
            or not at all, saying what to do by hand.
        MissingExtra: if gdown is not installed.
        OutputError: if the file's folder cannot be made.
    """
    if path.is_file():
        return path
    try:
        import gdown  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("gdown", extra="fetch") from error

    with writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    meter = Meter(url, MOST_ARCHIVE_BYTES)

    def step(done: int, total: int | None) -> None:
        meter.reach(done)
        if progress:
            progress(done, total or done)

    def work() -> None:
        gdown.download(
            url,
            str(path),
            quiet=True,
            resume=True,
            retries=patience.retries,
            timeout=patience.timeout_s,
            progress=step,
        )

    deadline = time.monotonic() + patience.longest_s
    try:
        watched(work, meter, patience=patience, deadline=deadline)
    except OtherBytes:
        for part in path.parent.glob(f"{path.name}*.part"):  # else the next try goes on with it
            part.unlink()
        raise
    except Exception as error:  # gdown lets requests' and its own pass; each is the same to us
        raise _refusal(url, str(error)) from error
    if is_page(path):
        page = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
        raise _refusal(url, page)
    return path


def _refusal(url: str, answer: str) -> FetchError:
    """Say what a page or an error of the drive means, and what a person can do."""
    text = answer.casefold()
    if any(word in text for word in _QUOTA_WORDS):
        content = "a quota page: too many people have downloaded it lately"
        cure = "wait up to 24 hours, or"
    elif any(word in text for word in _LOGIN_WORDS):
        content, cure = "a page that asks for a login", "as an alternative,"
    else:
        content, cure = f"no file ({' '.join(answer.split())[:160]})", "try again later, or"
    return FetchError(
        f"{url}: the drive answers with {content}; expected an archive; {cure} open the address in "
        "a browser, download it by hand, and pass its folder as `origin`"
    )
