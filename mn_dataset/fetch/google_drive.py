"""Download a shared file from the authors' drive; the one room of gdown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mn_dataset.errors import FetchError, MissingExtra
from mn_dataset.fetch.download import Patience, is_page

Progress = Callable[[int, int], None]

_QUOTA = ("too many users", "quota", "many accesses")
_LOGIN = ("permission", "sign in", "request access")


def address(drive_id: str) -> str:
    """Return what to open in a browser for a shared file.

    >>> address("1abc")
    'https://drive.google.com/uc?id=1abc'
    """
    return f"https://drive.google.com/uc?id={drive_id}"


def shared_file(
    url: str, path: Path, *, patience: Patience, progress: Progress | None = None
) -> Path:
    """Download a shared file, going on where an earlier try broke off.

    Args:
        url: See ``address``.
        path: Where it goes; nothing is done when it is there.
        patience: How long the drive is waited for.
        progress: Called with (done, all) bytes.

    Raises:
        FetchError: if the drive answers with a page (a quota, a login) or not at all, saying what
            to do by hand.
        MissingExtra: if gdown is not installed.
    """
    if path.is_file():
        return path
    try:
        import gdown  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtra("gdown", extra="fetch") from error

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        gdown.download(
            url,
            str(path),
            quiet=True,
            resume=True,
            retries=patience.retries,
            timeout=patience.timeout_s,
            progress=lambda done, total: progress(done, total or done) if progress else None,
        )
    except Exception as error:  # gdown lets requests' and its own pass; each is the same to us
        raise _told(url, str(error)) from error
    if is_page(path):
        page = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
        raise _told(url, page)
    return path


def _told(url: str, answer: str) -> FetchError:
    """Say what a page or an error of the drive means, and what a person can do."""
    low = answer.casefold()
    if any(word in low for word in _QUOTA):
        found = "a quota page: too many people have downloaded it lately"
        cure = "wait up to 24 hours, or"
    elif any(word in low for word in _LOGIN):
        found, cure = "a page that asks for a login", "as an alternative,"
    else:
        found, cure = f"no file ({' '.join(answer.split())[:160]})", "try again later, or"
    return FetchError(
        f"{url}: the drive answers with {found}; expected an archive; {cure} open the address in "
        "a browser, download it by hand, and pass its folder with --from"
    )
