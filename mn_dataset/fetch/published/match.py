"""Settle which file is taken for each row, asking the bytes where names leave it open.

Tell which recording of the published tables a file is, by where it stands and its neighbours.

All 42 noise names are also names of FAIR-Play clips, so a name alone says little. Words decide:
the nearest folder or archive whose name speaks of noise or of clips. Where none speaks, the names
that stand together do. Where these contradict each other, only the bytes can tell; what stays open
is told, never guessed.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError
from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.published.archive.extract import take
from mn_dataset.fetch.published.candidates import Candidate
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


@dataclass(frozen=True)
class Settled:
    """What is taken for each row.

    Attributes:
        files: By the row's id.
        reasons: Why there is none, by the row's id, where something was there.
    """

    files: dict[str, Candidate]
    reasons: dict[str, str]


def settle(
    claims: Iterable[Claim], names: Names, *, pins: Mapping[str, Pin], staging: Path
) -> Settled:
    """Choose one file for each row: the proven one, the pinned one, or the only one.

    Args:
        claims: What the files seem to be.
        names: The rows.
        pins: Of earlier uses.
        staging: Folder for members of archives while they are looked at.
    """
    made = list(claims)
    digests = _digests((claim.candidate for claim in made if _is_open(claim, names)), staging)
    rivals, doubts = _rivals(made, names, digests)
    crowded = (one for held in rivals.values() if len(held) > 1 for one in held)
    digests |= _digests((one for one in crowded if one not in digests), staging)
    known = {row.id: row.sha256 for role in ROLES for row in names[role].values()}
    files: dict[str, Candidate] = {}
    reasons: dict[str, str] = {}
    for row_id, held in rivals.items():
        pinned = pins[row_id].original_sha256 if row_id in pins else ""
        chosen = _choose(held, digests, (known[row_id], pinned))
        if chosen is None:
            reasons[row_id] = f"different recordings under its name: {', '.join(map(str, held))}"
        else:
            files[row_id] = chosen
    return Settled(
        files, {name: text for name, text in doubts.items() if name not in files} | reasons
    )


def _rivals(
    claims: Iterable[Claim], names: Names, digests: Mapping[Candidate, str]
) -> tuple[dict[str, list[Candidate]], dict[str, str]]:
    """Return the files that claim each row, and what to say of rows whose files stay doubtful."""
    rivals: dict[str, list[Candidate]] = defaultdict(list)
    doubts: dict[str, str] = {}
    for claim in claims:
        stem, role = claim.candidate.stem, claim.role
        clip = names["clean"].get(stem)
        if clip and clip.sha256 and digests.get(claim.candidate) == clip.sha256:
            role = "clean"
        for one in [role] if role else ROLES:
            row = names[one].get(stem)
            if row and role:
                rivals[row.id].append(claim.candidate)
            elif row:
                doubts[row.id] = (
                    f"{claim.candidate} may be a clip or a noise: put it into a folder called "
                    "clean or noise"
                )
    return rivals, doubts


def staged(
    candidates: Iterable[Candidate], staging: Path
) -> Iterator[tuple[Candidate, Path | FetchError]]:
    """Yield each candidate with a file to read it from, members of archives in their order.

    A member's file lies directly in ``staging`` and is the caller's to remove.
    """
    archives: dict[Path, dict[int, Candidate]] = defaultdict(dict)
    for candidate in candidates:
        if candidate.number is None:
            yield candidate, candidate.holder / candidate.name
        else:
            archives[candidate.holder][candidate.number] = candidate
    for count, (archive, wanted) in enumerate(archives.items()):
        # Another process id, another name: a killed run's workers may still read theirs.
        stem = f".{os.getpid()}-{count}"
        targets = {number: staging / f"{stem}-{number}.incoming.tmp" for number in wanted}
        for number, error in take(archive, targets):
            yield wanted[number], error or targets[number]


def _is_open(claim: Claim, names: Names) -> bool:
    """Tell whether only the bytes can say that a file is no noise."""
    clip = names["clean"].get(claim.candidate.stem)
    return claim.role != "clean" and not claim.spoken and clip is not None and bool(clip.sha256)


def _choose(
    held: list[Candidate], digests: Mapping[Candidate, str], preferred: tuple[str, ...]
) -> Candidate | None:
    if len(held) == 1:
        return held[0]
    readable = [one for one in held if one in digests]
    for sha256 in preferred:
        for one in readable:
            if digests[one] == sha256:
                return one
    return readable[0] if len({digests[one] for one in readable}) == 1 else None


def _digests(candidates: Iterable[Candidate], staging: Path) -> dict[Candidate, str]:
    found = {}
    for candidate, path in staged(candidates, staging):
        if isinstance(path, Path):
            found[candidate] = file_sha256(path)
            if candidate.number is not None:
                path.unlink()
    return found
