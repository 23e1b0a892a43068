"""Choose the mixtures that a costly metric is scored on: one of every few, of all kinds alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from mn_dataset.errors import InputError
from mn_dataset.mix.dataset import MixtureRow

NOT_SAMPLED = "not_sampled"
"""The reason of a score that was left out because the metric is scored on other mixtures."""


def parse(requests: Iterable[str]) -> dict[str, int]:
    """Read names of metrics, each with one of how many mixtures it is scored on.

    >>> parse(["si_sdr", "visqol/5"])
    {'si_sdr': 1, 'visqol': 5}

    Raises:
        InputError: if what follows the slash is no whole number of at least 1.
    """
    every = {}
    for request in requests:
        name, slash, text = request.partition("/")
        if slash and not (text.isascii() and text.isdecimal() and int(text)):
            raise InputError(
                f"the metric {name!r} is asked for on every {text!r}-th mixture; expected a whole "
                f"number of at least 1, such as {name}/5 for every fifth"
            )
        every[name] = int(text) if slash else 1
    return every


def sampled(mixtures: Sequence[MixtureRow], every: int) -> frozenset[str]:
    """Choose one of so many mixtures, by id: the same whenever the mixtures are.

    They are sorted by their labels, and of every so many neighbours one is taken, as its hash
    falls: cells that are larger than that have their share, and no level is passed over.

    Args:
        mixtures: All that there are.
        every: One of how many is taken.
    """
    in_order = sorted(mixtures, key=lambda mixture: (mixture.labels, mixture.id))
    return frozenset(
        min((mixture.id for mixture in in_order[first : first + every]), key=_hash)
        for first in range(0, len(in_order), every)
    )


def due(mixtures: Sequence[MixtureRow], every: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
    """Return which metrics each mixture is scored in, by its id.

    Args:
        mixtures: All that there are.
        every: Of each metric, one of how many mixtures it is scored on.
    """
    chosen = {number: sampled(mixtures, number) for number in set(every.values())}
    return {
        mixture.id: tuple(name for name, number in every.items() if mixture.id in chosen[number])
        for mixture in mixtures
    }


def _hash(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
