"""Tell which recording of the published tables a file is, by where it stands and its neighbours.

All 42 noise names are also names of FAIR-Play clips, so a name alone says little. Words decide:
the nearest folder or archive whose name speaks of noise or of clips. Where none speaks, the names
that stand together do. Where these contradict each other, only the bytes can tell; what stays open
is told, never guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mn_dataset.catalogue.published.candidates import Candidate
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, Role
from mn_dataset.tables import Row

Names = Mapping[Role, Mapping[str, Row]]
"""The rows of both tables by the bare names of their files."""

_WORDS: dict[Role, re.Pattern[str]] = {
    "clean": re.compile(r"clean|binaural|fair.?play"),
    "noise": re.compile(r"(?<!de)noise(?!less|.?free)"),
}
_MUSIC = "music"  # stands in the names of many things, noises of music recordings among them
_CATEGORIES: dict[Role, tuple[str, ...]] = {"clean": MUSIC_CATEGORIES, "noise": NOISE_CLASSES}


@dataclass(frozen=True)
class Claim:
    """What a file seems to be.

    Attributes:
        candidate: The file.
        role: Clip or noise; None when that stays open.
        spoken: Whether words say so, rather than the names that stand beside it.
    """

    candidate: Candidate
    role: Role | None
    spoken: bool


def names_of(rows: Mapping[Role, Sequence[Row]]) -> Names:
    """Return rows by the bare names of their files."""
    return {role: {PurePosixPath(row.file).stem: row for row in rows[role]} for role in ROLES}


def recognise(candidates: Iterable[Candidate], names: Names) -> Iterator[Claim]:
    """Yield a claim for each file that bears a name of the tables; others are none of M&N's."""
    folders: dict[tuple[object, ...], list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        folders[candidate.holder, PurePosixPath(candidate.name).parent].append(candidate)
    for held in folders.values():
        spoken = spoken_role(held[0].above)
        shown = _shown_role({candidate.stem for candidate in held}, names)
        for candidate in held:
            role, is_spoken = _role(candidate.stem in names["noise"], spoken, shown)
            known = [role] if role else ROLES
            if any(candidate.stem in names[one] for one in known):
                yield Claim(candidate, role, is_spoken)


def spoken_role(above: Sequence[str]) -> Role | None:
    """Return what the nearest telling name says, of folders and archives from the nearest up.

    >>> spoken_role(["Cello ", "noise and music"]), spoken_role(["denoised"])
    ('clean', None)
    """
    for height, name in enumerate(map(str.casefold, above)):
        said = [role for role in ROLES if _speaks(name, role)]
        if _MUSIC in name and "clean" not in said and (said or height == 0):
            said = [*said, "clean"]
        if len(said) == 1:
            return said[0]
    return None


def _speaks(name: str, role: Role) -> bool:
    tokens = f"_{'_'.join(re.findall('[a-z]+', name))}_"
    return bool(_WORDS[role].search(name)) or any(
        f"_{category}_" in tokens or f"_{category}s_" in tokens for category in _CATEGORIES[role]
    )


def _shown_role(stems: set[str], names: Names) -> Role | None:
    """Return what the names in a folder show it to hold.

    Only FAIR-Play has names beside those of noises; only a folder of noises has all of those.
    """
    noises = names["noise"].keys()
    if any(row.sha256 for name, row in names["clean"].items() if name in stems - noises):
        return "clean"
    return "noise" if noises <= stems else None


def _role(collides: bool, spoken: Role | None, shown: Role | None) -> tuple[Role | None, bool]:
    """Return what a file is and whether words say so; None where they and the names disagree."""
    if not collides:
        return (None if spoken == "noise" else "clean"), spoken == "clean"
    if spoken and shown and spoken != shown:
        return None, False
    return spoken or shown, spoken is not None
