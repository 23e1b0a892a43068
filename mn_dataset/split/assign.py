"""Assign whole groups to splits: stratified by category, seeded, every split served."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mn_dataset import seeds
from mn_dataset.errors import InputError
from mn_dataset.records import SPLITS
from mn_dataset.split.groups import components, row_keys
from mn_dataset.tables import Row

DEFAULT_RATIOS = (0.8, 0.1, 0.1)
"""Shares of train, validation and test."""


def assign(
    rows: Sequence[Row],
    *,
    ratios: Sequence[float] = DEFAULT_RATIOS,
    seed: int = 0,
    pcm_sha256: Mapping[str, str] | None = None,
) -> list[Row]:
    """Fill the empty splits of one table; a filled one is kept and draws its group along.

    Within each category the groups come in a seeded order, large ones first, and each goes to
    the split that lacks most of its share; so a category with as many groups as splits is in
    every split.

    Args:
        rows: Rows of one table.
        ratios: Shares of train, validation and test; they are normalised.
        seed: Of the order of groups.
        pcm_sha256: Hash of the samples by id, to join identical recordings.

    Raises:
        InputError: if a ratio is negative, or a group's filled splits contradict each other.
    """
    shares = _shares(ratios)
    by_id = {row.id: row for row in rows}
    taken: dict[str, Counter[str]] = {}
    free: dict[str, list[list[str]]] = {}
    result: dict[str, str] = {}
    for group in components(row_keys(rows, pcm_sha256 or {})):
        category = Counter(by_id[name].category for name in group).most_common(1)[0][0]
        filled = sorted({by_id[name].split for name in group} - {""})
        if len(filled) > 1:
            raise InputError(
                f"{', '.join(group)} belong together but stand in {' and '.join(filled)}; "
                "correct the column 'split', or empty it to have it assigned"
            )
        if filled:
            result |= dict.fromkeys(group, filled[0])
            taken.setdefault(category, Counter())[filled[0]] += len(group)
        else:
            free.setdefault(category, []).append(group)
    for category, groups in free.items():
        order = seeds.generator(seed, "split", category).shuffled(sorted(groups))
        count = taken.setdefault(category, Counter())
        size = sum(map(len, groups)) + count.total()
        for group in sorted(order, key=len, reverse=True):
            split = _neediest(count, shares, size)
            count[split] += len(group)
            result |= dict.fromkeys(group, split)
    return [row.with_split(result[row.id]) for row in rows]


def _neediest(count: Counter[str], shares: Mapping[str, float], size: int) -> str:
    """Return the split that lacks most; an empty one that is due a share comes first."""
    due = [split for split in SPLITS if shares[split] > 0]
    return max(due, key=lambda split: (count[split] == 0, shares[split] * size - count[split]))


def _shares(ratios: Sequence[float]) -> dict[str, float]:
    sound = len(ratios) == len(SPLITS) and all(0 <= ratio < float("inf") for ratio in ratios)
    if not sound or sum(ratios) <= 0:
        raise InputError(
            f"ratios are {' '.join(map(str, ratios))}; expected three shares, "
            "of train, validation and test, none negative or infinite"
        )
    return {split: ratio / sum(ratios) for split, ratio in zip(SPLITS, ratios, strict=True)}
