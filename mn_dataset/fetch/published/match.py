"""Match files to the rows of the published tables, by where they stand, their neighbours and bytes.

All 42 noise names are also names of FAIR-Play clips, so a name alone says little. Words decide:
the nearest folder or archive whose name speaks of noise or of clips. Where none speaks, the names
that stand together do. Where these contradict each other, only the bytes can tell; what stays open
is reported, never guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import FetchError
from mn_dataset.fetch.lockfile import Pin
from mn_dataset.fetch.published.archive import extract
from mn_dataset.fetch.published.candidates import CandidateFile
from mn_dataset.files.atomic import temporary_beside
from mn_dataset.records import MUSIC_CATEGORIES, NOISE_CLASSES, ROLES, Role
from mn_dataset.tables import Row, Rows

RowsByStem = Mapping[Role, Mapping[str, Row]]
"""The rows of both tables by the bare names of their files."""

_ROLE_WORDS: dict[Role, re.Pattern[str]] = {
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
        by_words: Whether words say so, rather than the names that stand beside it.
    """

    candidate: CandidateFile
    role: Role | None
    by_words: bool


@dataclass(frozen=True)
class Matches:
    """What is taken for each row.

    Attributes:
        files: By the row's id.
        reasons: Why there is none, by the row's id, where something bears its name.
    """

    files: dict[str, CandidateFile]
    reasons: dict[str, str]


def rows_by_stem(rows: Rows) -> RowsByStem:
    """Return rows by the bare names of their files."""
    return {role: {PurePosixPath(row.file).stem: row for row in rows[role]} for role in ROLES}


def recognise(candidates: Iterable[CandidateFile], rows: RowsByStem) -> Iterator[Claim]:
    """Yield a claim for each file that bears a name of the tables; others are none of M&N's."""
    folders: dict[tuple[object, ...], list[CandidateFile]] = defaultdict(list)
    for candidate in candidates:
        folders[candidate.holder, PurePosixPath(candidate.name).parent].append(candidate)
    for neighbours in folders.values():
        role_of_words = spoken_role(neighbours[0].above)
        role_of_names = _shown_role({candidate.stem for candidate in neighbours}, rows)
        for candidate in neighbours:
            collides = candidate.stem in rows["noise"]
            role, by_words = _role(collides, role_of_words, role_of_names)
            if any(candidate.stem in rows[one] for one in ([role] if role else ROLES)):
                yield Claim(candidate, role, by_words)


def spoken_role(above: Sequence[str]) -> Role | None:
    """Return what the nearest telling name says, of folders and archives from the nearest up.

    >>> spoken_role(["Cello ", "noise and music"]), spoken_role(["denoised"])
    ('clean', None)
    """
    for height, name in enumerate(map(str.casefold, above)):
        roles = [role for role in ROLES if _speaks_of(name, role)]
        if _MUSIC in name and "clean" not in roles and (roles or height == 0):
            roles = [*roles, "clean"]
        if len(roles) == 1:
            return roles[0]
    return None


def match_files(
    claims: Iterable[Claim], rows: RowsByStem, *, pins: Mapping[str, Pin], staging: Path
) -> Matches:
    """Choose one file for each row: the one of the known hash, the pinned one, or the only one.

    Args:
        claims: What the files seem to be.
        rows: The rows.
        pins: Of earlier uses.
        staging: Folder for members of archives while they are looked at.
    """
    claims = list(claims)
    digests = _digests((claim.candidate for claim in claims if _is_open(claim, rows)), staging)
    rivals, doubts = _rivals(claims, rows, digests)
    contested = (one for files in rivals.values() if len(files) > 1 for one in files)
    digests |= _digests((one for one in contested if one not in digests), staging)
    sha256_of = {row.id: row.sha256 for role in ROLES for row in rows[role].values()}
    files: dict[str, CandidateFile] = {}
    reasons: dict[str, str] = {}
    for row_id, candidates in rivals.items():
        pinned = pins[row_id].original_sha256 if row_id in pins else ""
        file = _choose(candidates, digests, (sha256_of[row_id], pinned))
        if file is None:
            names = ", ".join(map(str, candidates))
            reasons[row_id] = f"different recordings under its name: {names}"
        else:
            files[row_id] = file
    doubts = {row_id: text for row_id, text in doubts.items() if row_id not in files}
    return Matches(files, doubts | reasons)


def staged(
    candidates: Iterable[CandidateFile], staging: Path
) -> Iterator[tuple[CandidateFile, Path | FetchError]]:
    """Yield each candidate with a file to read it from, members of archives in their order.

    A member's file lies directly in ``staging``, is the caller's to remove, and is swept after a
    kill.
    """
    archives: dict[Path, dict[int, CandidateFile]] = defaultdict(dict)
    for candidate in candidates:
        if candidate.number is None:
            yield candidate, candidate.holder / candidate.name
        else:
            archives[candidate.holder][candidate.number] = candidate
    for archive, members in archives.items():
        targets = {number: temporary_beside(staging / f"{number}.incoming") for number in members}
        for number, error in extract(archive, targets):
            yield members[number], error or targets[number]


def _speaks_of(name: str, role: Role) -> bool:
    tokens = f"_{'_'.join(re.findall('[a-z]+', name))}_"
    return bool(_ROLE_WORDS[role].search(name)) or any(
        f"_{category}_" in tokens or f"_{category}s_" in tokens for category in _CATEGORIES[role]
    )


def _shown_role(stems: set[str], rows: RowsByStem) -> Role | None:
    """Return what the names in a folder show it to hold.

    Only FAIR-Play has names beside those of noises; only a folder of noises has all of those.
    """
    noises = rows["noise"].keys()
    if any(row.sha256 for stem, row in rows["clean"].items() if stem in stems - noises):
        return "clean"
    return "noise" if noises <= stems else None


def _role(collides: bool, spoken: Role | None, shown: Role | None) -> tuple[Role | None, bool]:
    """Return what a file is and whether words say so; None where they and the names disagree."""
    if not collides:
        return (None if spoken == "noise" else "clean"), spoken == "clean"
    if spoken and shown and spoken != shown:
        return None, False
    return spoken or shown, spoken is not None


def _rivals(
    claims: Iterable[Claim], rows: RowsByStem, digests: Mapping[CandidateFile, str]
) -> tuple[dict[str, list[CandidateFile]], dict[str, str]]:
    """Return the files that claim each row, and what to say of rows whose files stay doubtful."""
    rivals: dict[str, list[CandidateFile]] = defaultdict(list)
    doubts: dict[str, str] = {}
    for claim in claims:
        stem, role = claim.candidate.stem, claim.role
        clip = rows["clean"].get(stem)
        if clip and clip.sha256 and digests.get(claim.candidate) == clip.sha256:
            role = "clean"
        for one in [role] if role else ROLES:
            row = rows[one].get(stem)
            if row and role:
                rivals[row.id].append(claim.candidate)
            elif row:
                doubts[row.id] = (
                    f"{claim.candidate} may be a clip or a noise: put it into a folder called "
                    "clean or noise"
                )
    return rivals, doubts


def _is_open(claim: Claim, rows: RowsByStem) -> bool:
    """Tell whether only the bytes can say that a file is no noise."""
    clip = rows["clean"].get(claim.candidate.stem)
    return claim.role != "clean" and not claim.by_words and clip is not None and bool(clip.sha256)


def _choose(
    candidates: list[CandidateFile],
    digests: Mapping[CandidateFile, str],
    preferred: tuple[str, ...],
) -> CandidateFile | None:
    if len(candidates) == 1:
        return candidates[0]
    readable = [one for one in candidates if one in digests]
    for sha256 in preferred:
        for one in readable:
            if digests[one] == sha256:
                return one
    return readable[0] if len({digests[one] for one in readable}) == 1 else None


def _digests(candidates: Iterable[CandidateFile], staging: Path) -> dict[CandidateFile, str]:
    digests = {}
    for candidate, path in staged(candidates, staging):
        if isinstance(path, Path):
            digests[candidate] = file_sha256(path)
            if candidate.number is not None:
                path.unlink()
    return digests
