"""Settle which file is taken for each row, asking the bytes where names leave it open."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mn_dataset.audio.io import file_sha256
from mn_dataset.catalogue.fetch.lock import Pin
from mn_dataset.catalogue.published.archives.door import take
from mn_dataset.catalogue.published.candidates import Candidate
from mn_dataset.catalogue.published.recognise import Claim, Names
from mn_dataset.errors import FetchError
from mn_dataset.records import ROLES


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
