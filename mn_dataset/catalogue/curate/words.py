"""Read categories and splits as people write them, and make names that any file system takes."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

from mn_dataset.errors import suggestion
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, SPLITS, Role

_SAFE = re.compile(r"([a-z0-9][a-z0-9_-]{0,62}/){0,3}[a-z0-9]([a-z0-9_.-]{0,62}[a-z0-9_])?")
_SLUG_LENGTH = 40

# What the Hugging Face library reads as a split, besides the three names themselves.
_SPLIT_WORDS = {
    **{name: name for name in SPLITS},
    **dict.fromkeys(("training",), "train"),
    **dict.fromkeys(("val", "valid", "dev"), "validation"),
    **dict.fromkeys(("eval", "evaluation", "testing"), "test"),
}
_ROLE_WORDS: dict[str, Role] = {
    **dict.fromkeys(("clean", "music"), ROLES[0]),
    **dict.fromkeys(("noise", "noises"), ROLES[1]),
}


def fold(text: str) -> str:
    """Forget case, blanks, hyphens, underscores and full stops.

    >>> fold("Drum-Kit "), fold("drum_kit")
    ('drumkit', 'drumkit')
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())


_CATEGORIES = {fold(name): name for name in (*MUSIC_CATEGORIES, *NOISE_CLASSES)}


def category_of(text: str) -> str | None:
    """Return the music category or noise class that is meant.

    >>> category_of("Chinese Lute"), category_of("banjo")
    ('chinese_lute', None)
    """
    return _CATEGORIES.get(fold(text))


def split_of(text: str) -> str | None:
    """Return the split that is meant.

    >>> split_of("Dev"), split_of("piano")
    ('validation', None)
    """
    return _SPLIT_WORDS.get(fold(text))


def role_of(text: str) -> Role | None:
    """Return the role that a folder's name states.

    >>> role_of("Noise"), role_of("piano")
    ('noise', None)
    """
    return _ROLE_WORDS.get(fold(text))


def unknown_category(text: str) -> str:
    """Say that a category is unknown, with the nearest one."""
    known = (*MUSIC_CATEGORIES, *NOISE_CLASSES)
    return f"is {text!r}{suggestion(text.replace(' ', '_'), known)} Allowed: {', '.join(known)}"


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
