"""Read categories, splits and roles as people write them."""

from __future__ import annotations

import re
import unicodedata

from mn_dataset.errors import suggestion
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, SPLITS, Role

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
