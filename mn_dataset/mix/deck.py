"""Deal items in a seeded order, each once before any twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from mn_dataset.seeds import Stream

Item = TypeVar("Item")


class Deck(Generic[Item]):
    """An endless deck: shuffled anew whenever it has been dealt out.

    >>> from mn_dataset.seeds import generator
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
