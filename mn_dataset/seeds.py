"""Draw random numbers, orders and items that depend on a seed, a purpose and a name alone.

The words come from Philox-4x64 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
SC 2011), keyed by SHA-256 of (seed, purpose, identifier). Everything above the raw words is
done here: numpy promises the words of its bit generators, not its distributions. The same
arguments give the same numbers in any order and any process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Item = TypeVar("Item")
_WORD = 2**64


class Stream:
    """A source of random numbers with a name of its own."""

    def __init__(self, key: int) -> None:
        self._bits = np.random.Philox(key=key)

    def words(self, count: int) -> NDArray[np.uint64]:
        """Draw raw 64-bit words."""
        return np.asarray(self._bits.random_raw(count), dtype=np.uint64)

    def integer(self, bound: int) -> int:
        """Draw one integer in [0, bound) without bias, by rejection.

        Raises:
            ValueError: if ``bound`` is not positive.
        """
        if bound < 1:
            raise ValueError(f"bound is {bound}, expected at least 1")
        limit = _WORD - _WORD % bound
        while True:
            word = int(self._bits.random_raw())
            if word < limit:
                return word % bound

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw one number in [low, high)."""
        return low + (high - low) * ((int(self._bits.random_raw()) >> 11) * 2.0**-53)

    def uniforms(self, count: int) -> NDArray[np.float64]:
        """Draw numbers in [0, 1) on the grid of 2**-53."""
        return (self.words(count) >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def normals(self, count: int) -> NDArray[np.float64]:
        """Draw standard normal numbers (Box and Muller 1958); equal up to the platform's log."""
        pairs = self.uniforms(2 * ((count + 1) // 2)).reshape(2, -1)
        radius = np.sqrt(-2.0 * np.log1p(-pairs[0]))
        angle = 2.0 * np.pi * pairs[1]
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])[:count]

    def choice(self, items: Sequence[Item]) -> Item:
        """Draw one of the items."""
        return items[self.integer(len(items))]

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        """Return the items in random order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.integer(last + 1)
            order[last], order[other] = order[other], order[last]
        return order


def generator(seed: int, purpose: str, identifier: str = "") -> Stream:
    """Open the stream that belongs to a seed, a purpose and a name.

    >>> generator(0, "doctest", "clean/000001").integer(1000)
    80
    """
    text = "\x1f".join((str(seed), purpose, identifier))
    digest = hashlib.sha256(text.encode()).digest()
    return Stream(int.from_bytes(digest[:16], "little"))


class Deck(Generic[Item]):
    """Items in a seeded order without end: each comes once before any comes again.

    It is a deck of cards, shuffled anew whenever it has been dealt out.

    >>> deck = Deck("ab", generator(0, "doctest"))
    >>> sorted(deck.deal() for _ in range(4))
    ['a', 'a', 'b', 'b']
    """

    def __init__(self, items: Sequence[Item], stream: Stream) -> None:
        self._items, self._stream, self._deck = items, stream, list[Item]()

    def __len__(self) -> int:
        return len(self._items)

    def deal(self) -> Item:
        """Return the next item."""
        if not self._deck:
            self._deck = self._stream.shuffled(self._items)
        return self._deck.pop()

    def put_back(self, items: Sequence[Item]) -> None:
        """Return items that could not be used, to be dealt next."""
        self._deck.extend(reversed(items))
