"""Tell how far a difference hangs on one recording, by leaving each out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.leaderboard.inference import Floats

_CARRIED = 0.5  # of a difference is gone without the recording that carries it


@dataclass(frozen=True)
class Recordings:
    """Of which recordings of one kind mixtures are made.

    Attributes:
        codes: Number of each mixture's recording (or group of recordings).
        names: What each of them is called.
    """

    codes: NDArray[np.intp]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Influence:
    """The mean difference of each column when each recording is left out in turn.

    Attributes:
        low: The least; NaN where there is no recording that can be left out.
        high: The most.
        carried_by: The recording without which the difference halves or turns round; "" if none.
    """

    low: Floats
    high: Floats
    carried_by: tuple[str, ...]


def influence(differences: Floats, kinds: Sequence[Recordings], *, negligible: float) -> Influence:
    """Leave out each recording in turn, of either kind.

    Args:
        differences: Shape (mixtures, columns).
        kinds: Of which recordings the mixtures are.
        negligible: A mean difference up to this is carried by nothing.

    >>> hums = Recordings(np.array([0, 0, 1, 2]), ("a", "b", "c"))
    >>> influence(np.array([[9.0], [9.0], [0.0], [0.0]]), [hums], negligible=0.5)
    Influence(low=array([0.]), high=array([6.]), carried_by=('a',))
    """
    count, total = len(differences), differences.sum(axis=0)
    mean = total / count
    names: list[str] = []
    parts = [np.empty((0, len(total)))]
    for kind in kinds:
        present, codes = np.unique(kind.codes, return_inverse=True)
        if len(present) < 2:
            continue
        members = (codes == np.arange(len(present))[:, np.newaxis]).astype(np.float64)
        left = count - members.sum(axis=1)
        parts.append((total - members @ differences) / left[:, np.newaxis])
        names += [kind.names[code] for code in present]
    without = np.concatenate(parts)
    if not names:
        nothing = np.full(len(total), np.nan)
        return Influence(nothing, nothing, ("",) * len(total))
    kept = without * np.sign(mean)
    hardest = kept.argmin(axis=0)
    carried = (kept.min(axis=0) <= _CARRIED * np.abs(mean)) & (np.abs(mean) > negligible)
    return Influence(
        low=without.min(axis=0),
        high=without.max(axis=0),
        carried_by=tuple(
            names[number] if flag else "" for number, flag in zip(hardest, carried, strict=True)
        ),
    )
