"""Make names that any file system takes, and text that a table can hold."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

_SAFE = re.compile(r"([a-z0-9][a-z0-9_-]{0,62}/){0,3}[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9_])?")
_SLUG_LENGTH = 40


def printable(name: str) -> str:
    r"""Return a path as text that a table can hold: bytes that are no UTF-8 are escaped.

    >>> printable(os.fsdecode(b"caf\xe9/a\rb"))
    'caf\\xe9/a\\rb'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace("\r", "\\r")


def safe_name(name: str, *, stem: str) -> str:
    """Return a name for files and ids that depends on nothing else in the folder.

    Args:
        name: What tells the recording from all others.
        stem: What a person would call it.

    >>> safe_name("x/Für Elise.wav", stem="Für Elise")
    'fur_elise-61ea85e79f'
    """
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:_SLUG_LENGTH].strip("_")
    return f"{slug or 'recording'}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:10]}"


def is_safe(name: str) -> bool:
    """Tell whether an id's name can be a path as it stands, on every file system.

    >>> is_safe("piano/000001"), is_safe("Für Elise"), is_safe("../a")
    (True, False, False)
    """
    return _SAFE.fullmatch(name) is not None
