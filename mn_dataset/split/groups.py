"""Join recordings that must never straddle two splits, by union-find over shared keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.tables import Row


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
    """Return what ties each row to others: declared group, exact samples, near-duplicates.

    Args:
        rows: Rows of one table.
        pcm_sha256: Hash of the samples by id, for the rows whose audio is here.
        pairs: Near-duplicates by id; those of other rows are passed over.
    """
    keys = audio_keys(rows, pcm_sha256, pairs)
    for row in rows:
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
