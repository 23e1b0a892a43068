"""Begin with weights that were trained before: stretches that add up, and fine-tuning."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from benchmarks.contract import Model
from benchmarks.layers import weights_file
from benchmarks.layers.weights_file import WEIGHTS_NAME
from benchmarks.training.data.base import TRAIN, VALIDATION, Origin
from benchmarks.training.data.loader import SOURCES, read_sources
from mn_dataset.audio.io import file_sha256
from mn_dataset.errors import InputError

logger = logging.getLogger(__name__)

_KEPT = ("steps", "seed", "config", "began_with")
"""What the card of the next weights repeats of those that they began with."""


@dataclass(frozen=True)
class Beginning:
    """Weights to begin with.

    Attributes:
        network: Built and filled.
        facts: Their hash, and what their card says of how they came to be.
        learned: Rows of the recordings that they learned from; None where nobody says.
    """

    network: torch.nn.Module
    facts: dict[str, Any]
    learned: Sequence[dict[str, str]] | None


def begin(
    model: Model, weights: Path, options: Mapping[str, Any], *, train_frames: int
) -> Beginning:
    """Open weights to go on from.

    Args:
        model: Whose weights they are.
        weights: A file of weights; its sources lie beside it.
        options: Of the network, as the configuration asks for them.
        train_frames: Frames of a training item.

    Raises:
        InputError: if the file holds no network of this model, or one of other options.
    """
    network = weights_file.load(weights, model.build, model=model.spec.name)
    config: dict[str, Any] = network.config  # type: ignore[assignment] # torch types it so
    asked = dict(options) | ({"train_frames": train_frames} if "train_frames" in config else {})
    for name, value in asked.items():
        if config.get(name) != value:
            raise InputError(
                f"{weights}: its network has {name} = {config.get(name)!r}, the configuration asks "
                f"for {value!r}; expected the same, since these weights are to be trained further"
            )
    beside = weights.with_suffix(".sources.csv")
    if weights.name == WEIGHTS_NAME:
        beside = weights.with_name(SOURCES)
    learned = None
    if beside.is_file():
        learned = [row for row in read_sources(beside) if row["split"] == TRAIN]
    else:
        logger.warning("%s: no %s beside it: what it learned from is unknown", weights, beside.name)
    told = weights_file.read_card(weights).facts
    kept: dict[str, Any] = {name: told[name] for name in _KEPT if name in told}
    return Beginning(network, {"sha256": file_sha256(weights), **kept}, learned)


def further(beginning: Beginning, origins: Sequence[Origin]) -> list[dict[str, str]]:
    """Return the rows of what only the stretch before learned from.

    Args:
        beginning: Weights to go on from.
        origins: The recordings that are learned from and validated with now.

    Raises:
        InputError: if something that is now validated with was learned from before.
    """
    before = beginning.learned or []
    held = {one.pcm_sha256: one.row.id for one in origins if one.row.split == VALIDATION}
    for row in before:
        if row["pcm_sha256"] in held:
            raise InputError(
                f"{held[row['pcm_sha256']]} is to be validated with, and the weights to begin with "
                f"learned from it (as {row['id']}); validate with other recordings"
            )
    now = {(one.row.id, one.pcm_sha256) for one in origins}
    return [row for row in before if (row["id"], row["pcm_sha256"]) not in now]
