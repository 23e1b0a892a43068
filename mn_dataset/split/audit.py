"""Audit splits: name every take that stands in two of them, or is both music and noise.

A clip and the stems of a song may share a take, as long as they stand in one split.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.records import TABLES
from mn_dataset.split.assign import audio_keys, components, row_keys
from mn_dataset.tables import Row


@dataclass(frozen=True)
class Leak:
    """Recordings that belong together and stand apart.

    Attributes:
        reason: What ties them: the declared group, identical samples, a near-duplicate.
        rows: The recordings; one without a split may be the link between others.
        same_audio: Whether takes, and not only a declared group, are on both sides.
        near: Whether a near-duplicate is on both sides: what no table declares.
        faint: Whether they only share a background under other sounds.
    """

    reason: str
    rows: tuple[Row, ...]
    same_audio: bool
    near: bool = False
    faint: bool = False

    @property
    def both_roles(self) -> bool:
        """Whether music and a noise are one recording."""
        return len({_is_noise(row.id) for row in self.rows}) > 1

    @property
    def severe(self) -> bool:
        """Whether two splits share a take, a song, or a group within one category.

        A group that only spans categories (one tune on two instruments, say) and a background
        that two takes share are reported but not refused: the recordings sound different.
        """
        if self.faint:
            return False
        splits_of: dict[str, set[str]] = {}
        for row in self.rows:
            kind = "stem" if row.song else row.category
            splits_of.setdefault(kind, set()).add(row.split)
        return self.same_audio or any(len(splits - {""}) > 1 for splits in splits_of.values())

    def __str__(self) -> str:
        """Name the recordings with their splits."""
        where = ", ".join(f"{row.id} ({row.split or 'no split'})" for row in self.rows)
        fault = "is both a clip and a noise" if self.both_roles else "is in more than one split"
        return f"{self.reason} {fault}: {where}"


def leaks(
    rows: Sequence[Row],
    pcm_sha256: Mapping[str, str] | None = None,
    pairs: Sequence[Pair] = (),
) -> list[Leak]:
    """Return everything that belongs together and stands apart; none proves disjointness.

    Rows without a split are in none yet, but two splits that one of them links do leak.

    Args:
        rows: Rows of one table, or of several; groups are of one table each.
        pcm_sha256: Hash of the samples by id, for the rows whose audio is here.
        pairs: Near-duplicates by id.
    """
    pcm = pcm_sha256 or {}
    takes = [pair for pair in pairs if not pair.faint]
    leaking = _both_roles(rows, pcm, takes)
    for role in TABLES:
        rows_of_role = [row for row in rows if row.id.startswith(f"{role}/")]
        leaking += _between_splits(rows_of_role, row_keys(rows_of_role, pcm, takes), pcm, takes)
    music = [row for row in rows if not _is_noise(row.id)]
    of_music = _between_splits(music, audio_keys(music, pcm, takes), pcm, takes)
    leaking += [leak for leak in of_music if len({_table(row.id) for row in leak.rows}) > 1]
    return leaking + _backgrounds(rows, [pair for pair in pairs if pair.faint])


def _table(name: str) -> str:
    return name.partition("/")[0]


def _is_noise(name: str) -> bool:
    return _table(name) == "noise"


def _between_splits(
    rows: Sequence[Row],
    keys: Mapping[str, Sequence[str]],
    pcm: Mapping[str, str],
    pairs: Sequence[Pair],
) -> list[Leak]:
    split = {row.id: row.split for row in rows}
    apart = {
        name
        for names in components(audio_keys(rows, pcm, pairs))
        for name in names
        if len({split[other] for other in names} - {""}) > 1
    }
    by_id = {row.id: row for row in rows}
    leaking = []
    for names in components(keys):
        if len({split[name] for name in names} - {""}) > 1:
            crossing = [pair for pair in pairs if _crosses(pair, names, split)]
            reason = _reason(names, keys, crossing)
            members = tuple(by_id[name] for name in names)
            same_audio = not apart.isdisjoint(names)
            leaking.append(Leak(reason, members, same_audio, near=bool(crossing)))
    return leaking


def _both_roles(rows: Sequence[Row], pcm: Mapping[str, str], pairs: Sequence[Pair]) -> list[Leak]:
    by_id = {row.id: row for row in rows}
    role = {name: "noise" if _is_noise(name) else "music" for name in by_id}
    keys = audio_keys(rows, pcm, pairs)
    leaking = []
    for names in components(keys):
        if len({role[name] for name in names}) > 1:
            crossing = [pair for pair in pairs if _crosses(pair, names, role)]
            reason = _reason(names, keys, crossing)
            members = tuple(by_id[name] for name in names)
            leaking.append(Leak(reason, members, same_audio=True, near=bool(crossing)))
    return leaking


def _backgrounds(rows: Sequence[Row], faint: Iterable[Pair]) -> list[Leak]:
    by_id = {row.id: row for row in rows}
    split = {row.id: row.split for row in rows}
    return [
        Leak(
            f"a common background ({_lag_and_score(pair)}, correlation {pair.correlation:.2f})",
            (by_id[pair.first], by_id[pair.second]),
            same_audio=False,
            near=True,
            faint=True,
        )
        for pair in faint
        if pair.first in by_id and pair.second in by_id and _crosses(pair, by_id, split)
    ]


def _crosses(pair: Pair, names: Container[str], side: Mapping[str, str]) -> bool:
    """Return whether a pair of a component has its two on two sides."""
    if pair.first not in names or pair.second not in names:
        return False
    return len({side[pair.first], side[pair.second]} - {""}) > 1


def _reason(
    names: Sequence[str], keys: Mapping[str, Sequence[str]], crossing: Sequence[Pair]
) -> str:
    """Say what ties a component: a key of all, and the surest pair across the border."""
    shared = set.intersection(*(set(keys[name]) for name in names))
    ties = sorted(key for key in shared if not key.startswith("near-duplicate"))
    if crossing:
        surest = max(crossing, key=lambda pair: pair.score)
        who = f"{surest.first} and {surest.second}, " if len(names) > 2 else ""
        ties.append(f"near-duplicate ({who}{_lag_and_score(surest)})")
    return " and ".join(ties) or "a chain of shared groups, samples and near-duplicates"


def _lag_and_score(pair: Pair) -> str:
    return f"shift {pair.shift_s:.1f} s, score {pair.score:.2f}"
