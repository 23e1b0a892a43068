"""Damage bytes, the same ones for the same seed: cut, flipped, repeated, and numbers that lie.

And tell whether what is damaged is refused.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress

from mn_dataset.errors import MnError

NUMBERS = (0, 1, 2, 7, 127, 128, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)


def damaged(content: bytes, rng: random.Random, *, header: int = 0) -> bytes:
    """Return bytes with one to three kinds of damage.

    Args:
        content: What is damaged.
        rng: Draws the damage.
        header: So many bytes at the beginning are damaged as often as all others together.
    """
    for _ in range(rng.randint(1, 3)):
        content = rng.choice(_KINDS)(content or b"\0", rng, header)
    return content


def is_refused(*uses: Callable[[], object]) -> bool:
    """Use something in every way; tell whether errors of the toolkit refused it in all of them.

    What is no error of the toolkit passes.
    """
    read = 0
    for use in uses:
        with suppress(MnError):
            use()
            read += 1
    return not read


def crossed(contents: Sequence[bytes], rng: random.Random) -> bytes:
    """Return the beginning of one input and the end of another."""
    first, second = rng.choice(contents), rng.choice(contents)
    return first[: rng.randrange(len(first) + 1)] + second[rng.randrange(len(second) + 1) :]


def _place(content: bytes, rng: random.Random, header: int) -> int:
    in_header = header and rng.random() < 0.5
    return rng.randrange(min(header, len(content)) if in_header else len(content))


def _cut(content: bytes, rng: random.Random, header: int) -> bytes:
    return content[: _place(content, rng, header)]


def _flip(content: bytes, rng: random.Random, header: int) -> bytes:
    new = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        new[_place(content, rng, header)] ^= 1 << rng.randrange(8)
    return bytes(new)


def _lie(content: bytes, rng: random.Random, header: int) -> bytes:
    """Put a number of one to eight bytes somewhere, of either order."""
    size = rng.choice((1, 2, 4, 8))
    number = rng.choice(NUMBERS) % 256**size
    place = _place(content, rng, header)
    stated = number.to_bytes(size, rng.choice(("little", "big")))
    return content[:place] + stated + content[place + size :]


def _repeat(content: bytes, rng: random.Random, header: int) -> bytes:
    place, size = _place(content, rng, header), rng.randint(1, 200)
    return content[: place + size] * rng.randint(1, 3) + content[place:]


def _drop(content: bytes, rng: random.Random, header: int) -> bytes:
    place = _place(content, rng, header)
    return content[:place] + content[place + rng.randint(1, 64) :]


_KINDS = (_cut, _flip, _flip, _lie, _lie, _repeat, _drop)
