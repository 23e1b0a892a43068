"""Read the addresses of files and mirrors, and show them without the secrets that they may hold.

A name and password before the host and a token in the query are sent to the server and to nobody
else: neither a message nor a file holds them. A token that is a folder of the path is not known for
one.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from mn_dataset.errors import FetchError

_USER = re.compile(r"(?<=://)[^/?#]*@")
_USER_OF_UNREADABLE = re.compile(r"(?<=://).*@", re.DOTALL)
_QUERY = re.compile(r"[?#].*", re.DOTALL)


def is_address(origin: str) -> bool:
    """Tell an http or https address from a path."""
    return origin.lower().startswith(("http://", "https://"))


def shown(address: str) -> str:
    """Return an address as a person may see it: user, password, query and fragment are left out.

    What is no address is returned as it is.

    >>> shown("https://anna:secret@example.org/m%26n/?token=secret")
    'https://…@example.org/m%26n/?…'
    >>> shown("http://anna:sec/ret@example.org")  # the password ends the host: unreadable
    'http://…@example.org'
    >>> shown("recordings/who? #1")
    'recordings/who? #1'
    """
    if "://" not in address:
        return address
    user = _USER if _is_readable(address) else _USER_OF_UNREADABLE
    return _QUERY.sub(lambda query: f"{query[0][0]}…", user.sub("…@", address))


def check_address(address: str) -> None:
    """Refuse what names no server that can be asked.

    Raises:
        FetchError: showing it.
    """
    if not (is_address(address) and _is_readable(address) and urlsplit(address).hostname):
        raise FetchError(
            f"{shown(address)}: not an address that can be read; expected http://HOST/PATH or "
            "https://HOST/PATH, blanks and @ in a password as %20 and %40; correct it"
        )


def server(address: str) -> str:
    """Return host and port of an address, without user and password.

    >>> server("http://anna:secret@127.0.0.1:8000/a")
    '127.0.0.1:8000'
    """
    authority = address.partition("://")[2]
    return re.split(r"[/?#]", authority, maxsplit=1)[0].rpartition("@")[2]


def beneath(address: str, place: str) -> str:
    """Return the address of a file on a mirror; the mirror's query stays at the end.

    >>> beneath("https://example.org/m/?token=1", "a%20b/1.wav")
    'https://example.org/m/a%20b/1.wav?token=1'
    """
    parts = urlsplit(address)
    return parts._replace(path=f"{parts.path.rstrip('/')}/{place}", fragment="").geturl()


def _is_readable(address: str) -> bool:
    try:
        parts: SplitResult = urlsplit(address)
        return parts.port is None or parts.port > 0
    except ValueError:  # a bracket that stays open, a port that is no number
        return False
