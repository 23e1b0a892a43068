"""What networks learn from: the train split, with the validation split kept apart."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mn_dataset.audio.fingerprint.pairs import Pair
from mn_dataset.errors import InputError
from mn_dataset.split.audit import leaks
from mn_dataset.tables import Row

logger = logging.getLogger(__name__)

TRAIN, VALIDATION, TEST = "train", "validation", "test"
_NAMED = 5  # ids that a message names


@dataclass(frozen=True)
class Example:
    """One item to learn or to validate from; layers are float32 (time,) in [-1, 1].

    Attributes:
        id: Of its recipe.
        noisy: The mixture.
        clean: Its clean layer.
    """

    id: str
    noisy: NDArray[np.float32]
    clean: NDArray[np.float32]


@dataclass(frozen=True)
class Origin:
    """A recording that is mixed, in the split in which it is."""

    row: Row
    pcm_sha256: str


class Material(Protocol):
    """A corpus or a built dataset, as training sees it."""

    @property
    def identity(self) -> dict[str, str]:
        """What names it and proves that it is the same, as JSON."""
        ...

    @property
    def origins(self) -> Sequence[Origin]:
        """Its recordings of both splits."""
        ...

    @property
    def left_out(self) -> Mapping[str, Sequence[str]]:
        """Ids that are neither learned from nor validated with, by the reason."""
        ...

    @property
    def num_items(self) -> int:
        """Items of one epoch."""
        ...

    def item(self, epoch: int, index: int) -> Example:
        """Return an item of the train split; the same for the same numbers, in any process."""
        ...

    def validation(self) -> list[Example]:
        """Return the fixed items of the validation split."""
        ...


def apart(
    origins: Sequence[Origin], held: str, *, where: str, pairs: Sequence[Pair] = ()
) -> tuple[frozenset[str], frozenset[str]]:
    """Prove that no recording is learned from and held out.

    Args:
        origins: The recordings of both splits, and others that may link them.
        held: The split that is held out.
        where: What to name in a message.
        pairs: Near-duplicates among them, by id.

    Returns:
        Ids of train, and ids held out, that share a group across categories, such as one tune on
        two instruments. That is no leak, but what is held out is to be of unheard groups, so
        one or the other is to be left out.

    Raises:
        InputError: naming the recordings that stand in both splits.
    """
    rows = [origin.row for origin in origins]
    twice = [name for name, count in Counter(row.id for row in rows).items() if count > 1]
    if twice:
        raise InputError(
            f"{where}: {twice[0]} is mixed in {TRAIN} and in {held} ({len(twice)} such "
            "recordings); build it from a corpus whose noises are split, without a preset"
        )
    found = leaks(rows, {origin.row.id: origin.pcm_sha256 for origin in origins}, pairs)
    between = [
        leak
        for leak in found
        if not leak.faint and {TRAIN, held} <= {row.split for row in leak.rows}
    ]
    severe = [leak for leak in between if leak.severe]
    if severe:
        raise InputError(
            f"{where}: column 'split' leaks: {severe[0]} ({len(severe)} in all); what is held out "
            "must not be learned from: correct it, or run `mn split --reassign --in-place`"
        )
    learned, unheard = (
        frozenset(row.id for leak in between for row in leak.rows if row.split == split)
        for split in (TRAIN, held)
    )
    return learned, unheard


def split_sha256(origins: Sequence[Origin]) -> str:
    """Return a hash of what drawing depends on: samples, split, category and group of each."""
    cells = sorted(
        (one.row.id, one.row.split, one.row.category, one.row.group, one.pcm_sha256)
        for one in origins
    )
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def tell_left_out(left_out: Mapping[str, Sequence[str]], *, where: str) -> None:
    """Log how many are left out, why, and the first of them."""
    for reason, names in left_out.items():
        more = ", …" if len(names) > _NAMED else ""
        told = ", ".join(names[:_NAMED])
        logger.warning("%s: %d left out, %s: %s%s", where, len(names), reason, told, more)


def facts(material: Material) -> dict[str, Any]:
    """Return what a card says of the recordings: how many, of which groups, licences, and not."""
    told: dict[str, Any] = dict(material.identity)
    for split in (TRAIN, VALIDATION):
        rows = [origin.row for origin in material.origins if origin.row.split == split]
        told[split] = {
            "recordings": len(rows),
            "groups": len({(row.id.partition("/")[0], row.group or row.id) for row in rows}),
            "licenses": dict(sorted(Counter(row.license or "unknown" for row in rows).items())),
            "ids": sorted(row.id for row in rows),
        }
    told["left_out"] = {reason: list(names) for reason, names in material.left_out.items()}
    return told
