"""Deal rows into shards and row groups: by split and noise class, in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from mn_dataset.publish.selection import Row
from mn_dataset.records import NOISE_CLASSES, SPLITS

SHARD_BYTES = 256 * 2**20
"""Samples in a shard: enough for one request to be worth it, few enough to deal to workers."""

GROUP_BYTES = 24 * 2**20
"""Samples in a row group: a viewer or a shuffling reader takes a whole one to see one row."""

GROUP_ROWS = 100


@dataclass(frozen=True)
class Shard:
    """One file of a publication.

    Attributes:
        path: Relative to the publication.
        split: Of all its rows.
        noise_class: Of all its rows; "" where there is none.
        groups: Its rows, by row group.
    """

    path: str
    split: str
    noise_class: str
    groups: tuple[tuple[Row, ...], ...]

    @property
    def rows(self) -> list[Row]:
        """All rows."""
        return [row for group in self.groups for row in group]


def deal(
    rows: Sequence[Row],
    place: str,
    suffix: str,
    *,
    audio: Sequence[str],
    shard_bytes: int = SHARD_BYTES,
) -> list[Shard]:
    """Return the shards of rows; they depend on the rows alone.

    Args:
        rows: In the order of their ids.
        place: Folder of the shards.
        suffix: Of their names, dot included.
        audio: Audio columns that they hold; none for recipes.
        shard_bytes: Samples in a shard, at most, as 16-bit PCM.
    """

    def weight(row: Row) -> int:
        files = sum(1 if isinstance(row[name], str) else len(row[name]) for name in audio)
        return 2 * int(row["num_samples"]) * files

    made = []
    for (split, noise_class), members in groupby(sorted(rows, key=_order), key=_cell):
        parts = _cut(list(members), weight, limit=shard_bytes)
        stem = f"{place}/{split}-{noise_class}" if noise_class else f"{place}/{split}"
        for number, part in enumerate(parts):
            path = f"{stem}-{number:05d}-of-{len(parts):05d}{suffix}"
            groups = _cut(part, weight, limit=min(GROUP_BYTES, shard_bytes), most=GROUP_ROWS)
            made.append(Shard(path, split, noise_class, tuple(map(tuple, groups))))
    return made


def _cell(row: Row) -> tuple[str, str]:
    return row["split"], row.get("noise_class") or ""


def _order(row: Row) -> tuple[int, int, str]:
    split, noise_class = _cell(row)
    known = NOISE_CLASSES.index(noise_class) if noise_class in NOISE_CLASSES else -1
    return SPLITS.index(split), known, row["id"]


def _cut(
    rows: Sequence[Row], weight: Callable[[Row], int], *, limit: int, most: int | None = None
) -> list[list[Row]]:
    """Cut rows into runs of at most ``limit`` bytes and ``most`` rows, or of a single row."""
    runs: list[list[Row]] = [[]]
    held = 0
    for row in rows:
        if runs[-1] and (held + weight(row) > limit or len(runs[-1]) == most):
            runs.append([])
            held = 0
        runs[-1].append(row)
        held += weight(row)
    return runs
