"""Make names that every file system takes, and text of names that need not be text."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from pathlib import Path

from mn_dataset.errors import DatasetError

_SAFE = re.compile(r"([a-z0-9][a-z0-9_-]{0,62}/){0,3}[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9_])?")
_ESCAPES = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|\0")
_SLUG_LENGTH = 40

# Devices, to Windows, in any folder and with any suffix.
_DEVICES = {"con", "prn", "aux", "nul"} | {
    f"{port}{n}" for port in ("com", "lpt") for n in range(10)
}


def printable(name: str) -> str:
    r"""Return a path as text that a table can hold: bytes that are no UTF-8 are escaped.

    >>> printable(os.fsdecode(b"caf\xe9/a\rb"))
    'caf\\xe9/a\\rb'
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace").replace("\r", "\\r")


def one_line(name: str) -> str:
    r"""Return a path as text of one line, for messages.

    >>> one_line("a\nb.wav")
    'a\\nb.wav'
    """
    return printable(name).replace("\n", "\\n")


def is_safe(name: str) -> bool:
    """Tell whether an id's name can be a path as it stands, on every file system.

    >>> is_safe("piano/000001"), is_safe("Für Elise"), is_safe("../a"), is_safe("noise/con.1")
    (True, False, False, False)
    """
    parts = name.split("/")
    return _SAFE.fullmatch(name) is not None and not any(
        part.partition(".")[0] in _DEVICES for part in parts
    )


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


def file_name(*names: str) -> str:
    """Return one file name for what several names address together, whatever they hold.

    Names that no two file systems disagree about stay as they are; others get a hash, so that
    different names never become one file.

    >>> file_name("wiener", "1")
    'wiener-1'
    >>> file_name("../half", "1")
    '_half-1-ff347ccf'
    """
    name = "-".join(names)
    safe = re.sub(r"[^\w.+@-]+", "_", name, flags=re.ASCII).lstrip(".")
    return safe if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def inside(folder: Path, name: str) -> Path:
    r"""Return the path of a file that a table of a folder names; whoever wrote it is not trusted.

    Args:
        folder: That the table came with.
        name: Relative to it.

    Raises:
        DatasetError: if it is absolute, climbs, or leads out of the folder by a link.
    """
    path = folder / name
    if not stays_inside(name) or not path.resolve().is_relative_to(folder.resolve()):
        raise DatasetError(
            f"{folder}: names the file {one_line(name)!r}, which is not in the folder; expected a "
            "relative path of a file below it: whatever wrote that is not to be trusted"
        )
    return path


def stays_inside(name: str) -> bool:
    r"""Tell whether a relative path leads to nothing outside its folder, on every system.

    >>> stays_inside("a/b..wav"), stays_inside("a/../../b.wav"), stays_inside("C:b.wav")
    (True, False, False)
    """
    return _ESCAPES.search(name) is None
