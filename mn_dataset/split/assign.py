"""Assign whole groups to splits: stratified by category, seeded, every split served.

A group is what must never straddle two splits: recordings that share a declared group or their
samples, or are near-duplicates, directly or through others (joined by union-find). The stems of a
song are a group in any case.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mn_dataset import seeds
from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.errors import InputError
from mn_dataset.records import SPLITS, is_voice
from mn_dataset.tables import Row

DEFAULT_RATIOS = (0.8, 0.1, 0.1)
"""Shares of train, validation and test."""


def assign(
    rows: Sequence[Row],
    *,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    pcm_sha256: Mapping[str, str] | None = None,
    pairs: Sequence[Pair] = (),
) -> list[Row]:
    """Fill the empty splits of one table; a filled one is kept and draws its group along.

    Within each category the groups come in a seeded order, large ones first, and each goes to
    the split that lacks most of its share; so a category with as many groups as splits is in
    every split. Songs are stratified by whether somebody sings.

    Args:
        rows: Rows of one table.
        ratios: Shares of train, validation and test; they are normalised.
        seed: Of the order of groups.
        pcm_sha256: Hash of the samples by id, to join identical recordings.
        pairs: Near-duplicates by id, to join recordings of one take.

    Raises:
        InputError: if a ratio is negative, or an empty split belongs to a group whose filled
            ones contradict each other.
    """
    share = shares(ratios)
    by_id = {row.id: row for row in rows}
    stated = {row.id: row.split for row in rows}
    counts: dict[str, Counter[str]] = {}
    empty: dict[str, list[list[str]]] = {}
    result = dict(stated)
    for group in components(row_keys(rows, pcm_sha256 or {}, pairs)):
        kind = _kind([by_id[name] for name in group])
        if not any(stated[name] for name in group):
            empty.setdefault(kind, []).append(group)
            continue
        result |= _completed(group, stated)
        counts.setdefault(kind, Counter()).update(result[name] for name in group)
    for kind, groups in empty.items():
        order = seeds.generator(seed, "split", kind).shuffled(sorted(groups))
        count = counts.setdefault(kind, Counter())
        size = sum(map(len, groups)) + count.total()
        for group in sorted(order, key=len, reverse=True):
            split = _neediest(count, share, size)
            count[split] += len(group)
            result |= dict.fromkeys(group, split)
    return [row.with_split(result[row.id]) for row in rows]


def shares(ratios: Sequence[float]) -> dict[str, float]:
    """Return the share of each split, of one in all.

    Raises:
        InputError: if the ratios make no sense.

    >>> shares((6, 2, 2))
    {'train': 0.6, 'validation': 0.2, 'test': 0.2}
    """
    are_shares = len(ratios) == len(SPLITS) and all(0 <= ratio < float("inf") for ratio in ratios)
    if not are_shares or sum(ratios) <= 0:
        raise InputError(
            f"ratios are {' '.join(map(str, ratios))}; expected three shares, "
            "of train, validation and test, none negative or infinite"
        )
    return {split: ratio / sum(ratios) for split, ratio in zip(SPLITS, ratios, strict=True)}


def components(keys: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Join ids that share a key, directly or through others.

    Args:
        keys: What each id must not be parted from, by id.

    Returns:
        The components in order of their first id; each keeps the order of ``keys``.

    >>> components({"a": ["x"], "b": ["y"], "c": ["x", "z"], "d": ["z"]})
    [['a', 'c', 'd'], ['b']]
    """
    parent = {name: name for name in keys}

    def root(name: str) -> str:
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    owner: dict[str, str] = {}
    for name, shared in keys.items():
        for key in shared:
            parent[root(name)] = root(owner.setdefault(key, name))
    joined: dict[str, list[str]] = {}
    for name in keys:
        joined.setdefault(root(name), []).append(name)
    return list(joined.values())


def row_keys(
    rows: Sequence[Row], pcm_sha256: Mapping[str, str], pairs: Iterable[Pair] = ()
) -> dict[str, list[str]]:
    """Return what ties each row to others: declared group, song, exact samples, near-duplicates.

    Args:
        rows: Rows of one table.
        pcm_sha256: Hash of the samples by id, for the rows whose audio is here.
        pairs: Near-duplicates by id; those of other rows are passed over.
    """
    keys = audio_keys(rows, pcm_sha256, pairs)
    for row in rows:
        if row.song:
            keys[row.id].insert(0, f"song {row.song}")
        if row.group:
            keys[row.id].insert(0, f"group {row.group}")
    return keys


def audio_keys(
    rows: Sequence[Row], pcm_sha256: Mapping[str, str], pairs: Iterable[Pair] = ()
) -> dict[str, list[str]]:
    """Return what ties each row to others by what is heard, whatever the tables declare."""
    keys: dict[str, list[str]] = {}
    for row in rows:
        keys[row.id] = [f"pcm {pcm_sha256[row.id]}"] if row.id in pcm_sha256 else []
    for pair in pairs:
        if pair.first in keys and pair.second in keys:
            for name in (pair.first, pair.second):
                keys[name].append(f"near-duplicate {pair.first} {pair.second}")
    return keys


def _kind(group: Sequence[Row]) -> str:
    """Return what a group is stratified by: its usual category, or whether its songs are sung."""
    if group[0].song:
        return "sung" if any(is_voice(row.category) for row in group) else "instrumental"
    return Counter(row.category for row in group).most_common(1)[0][0]


def _completed(group: Sequence[str], stated: Mapping[str, str]) -> dict[str, str]:
    """Return the splits of a group some of whose rows state one."""
    filled = sorted({stated[name] for name in group} - {""})
    empty = [name for name in group if not stated[name]]
    if empty and len(filled) > 1:
        raise InputError(
            f"{', '.join(group)} belong together but stand in {' and '.join(filled)}, so that "
            f"{empty[0]} can join none of them; correct the column 'split', or empty it for all "
            "of them to have it assigned"
        )
    return {name: stated[name] or filled[0] for name in group}


def _neediest(count: Counter[str], share: Mapping[str, float], size: int) -> str:
    """Return the split that lacks most; an empty one that is due a share comes first."""
    due = [split for split in SPLITS if share[split] > 0]
    return max(due, key=lambda split: (count[split] == 0, share[split] * size - count[split]))
