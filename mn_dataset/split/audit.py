"""Prove that no group stands in two splits, or name each that does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mn_dataset.split.groups import components, row_keys
from mn_dataset.tables import Row


@dataclass(frozen=True)
class Leak:
    """Recordings that belong together and stand in more than one split.

    Attributes:
        reason: What ties them: the declared group or identical samples.
        rows: The recordings.
        identical: Whether samples of two splits are the same.
    """

    reason: str
    rows: tuple[Row, ...]
    identical: bool

    @property
    def severe(self) -> bool:
        """Whether two splits share samples, or a group within one category.

        A group that only spans categories (one tune on two instruments, say) is told but not
        refused: the recordings differ.
        """
        seen: dict[str, set[str]] = {}
        for row in self.rows:
            seen.setdefault(row.category, set()).add(row.split)
        return self.identical or any(len(splits) > 1 for splits in seen.values())

    def __str__(self) -> str:
        """Name the recordings with their splits."""
        where = ", ".join(f"{row.id} ({row.split})" for row in self.rows)
        return f"{self.reason} is in more than one split: {where}"


def leaks(rows: Sequence[Row], pcm_sha256: Mapping[str, str] | None = None) -> list[Leak]:
    """Return every component of one table that stands in two splits; none proves disjointness.

    Rows without a split are left out: they are in no split yet.
    """
    placed = [row for row in rows if row.split]
    by_id = {row.id: row for row in placed}
    keys = row_keys(placed, pcm_sha256 or {})
    found = []
    for names in components(keys):
        members = tuple(by_id[name] for name in names)
        if len({row.split for row in members}) > 1:
            shared = set.intersection(*(set(keys[name]) for name in names))
            reason = min(shared) if shared else "a chain of shared groups and samples"
            found.append(Leak(reason, members, _same_samples(members, pcm_sha256 or {})))
    return found


def _same_samples(rows: Sequence[Row], pcm_sha256: Mapping[str, str]) -> bool:
    splits: dict[str, set[str]] = {}
    for row in rows:
        if row.id in pcm_sha256:
            splits.setdefault(pcm_sha256[row.id], set()).add(row.split)
    return any(len(found) > 1 for found in splits.values())
